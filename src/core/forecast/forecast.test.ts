import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ANALYSIS, plan } from '../../../test/builders.ts';
import { near } from '../../../test/scenes.ts';
import type { Analysis, Plan, Step } from '../plan.ts';
import { type Caveat, sayCaveat } from './caveat.ts';
import { type Forecast, forecast } from './forecast.ts';
import type { ServiceTraffic } from './outset.ts';
import type { Freshness } from './scene.ts';

interface Asked extends Partial<ServiceTraffic>, Partial<Freshness> {
  readonly steps?: readonly Step[];
  readonly analysis?: Partial<Analysis>;
  readonly onInconclusive?: Plan['onInconclusive'];
}

const MINUTE = 60_000;
const TWO_STEPS = [
  { weight: 10, hold: MINUTE },
  { weight: 50, hold: MINUTE },
];

function ask({ steps = TWO_STEPS, analysis, onInconclusive = 'hold', ...asked }: Asked = {}): Forecast {
  const { requestsPerSecond = 100, errorRate = 0.001, p99 = null } = asked;
  const { every = 100, lag = 0, switching = 0 } = asked;
  const found = forecast({
    plan: plan({ steps, onInconclusive, analysis: { ...ANALYSIS, ...analysis } }),
    traffic: { requestsPerSecond, errorRate, p99 },
    freshness: { every, lag, switching },
    seed: 1,
  });
  assert.ok(found !== null);
  return found;
}

function caveatsOf(asked: Asked): readonly Caveat[] {
  return ask(asked).caveats;
}

function caveat<Code extends Caveat['code']>(asked: Asked, code: Code): Extract<Caveat, { code: Code }> {
  const caveats = caveatsOf(asked);
  const found = caveats.find((each): each is Extract<Caveat, { code: Code }> => each.code === code);
  assert.ok(found !== undefined, `${code} is not among ${caveats.map((each) => each.code).join()}`);
  return found;
}

function has(asked: Asked, code: Caveat['code']): boolean {
  return caveatsOf(asked).some((each) => each.code === code);
}

describe('a forecast', () => {
  it('tells for each step what it can find and what a bad release costs', () => {
    const { steps, bad, good } = ask();
    assert.deepEqual(
      steps.map(({ requests, isSimulated }) => ({ ...requests, isSimulated })),
      [
        { stable: 5_400, candidate: 600, isSimulated: false },
        { stable: 3_000, candidate: 3_000, isSimulated: false },
      ],
    );
    const [first, second] = steps;
    assert.ok((first?.smallest ?? 0) > (second?.smallest ?? 1));
    near(first?.smallest ?? 0, 0.0153, 0.002);
    assert.ok((first?.fates[1]?.failed ?? 99) < 6);
    assert.ok((bad[0]?.found ?? 0) > 0.99);
    assert.deepEqual(good, { duration: 2 * MINUTE, earliest: 2 * MINUTE, isPromoted: true });
  });

  it('shows the chances of ever worse releases, up to a total failure', () => {
    for (const requestsPerSecond of [0.5, 100]) {
      for (const { curve } of ask({ requestsPerSecond }).steps) {
        assert.equal(curve.at(-1)?.rate, 1);
        assert.ok((curve[0]?.rate ?? 1) <= 0.001);
        for (const [index, { rate, found }] of curve.entries()) {
          assert.ok(rate > (curve[index - 1]?.rate ?? 0) && found >= (curve[index - 1]?.found ?? 0));
        }
      }
    }
  });

  it('is null without an analysis', () => {
    const traffic = { requestsPerSecond: 1, errorRate: 0, p99: null };
    const freshness = { every: 100, lag: 0, switching: 0 };
    assert.equal(forecast({ plan: plan({ analysis: null }), traffic, freshness, seed: 1 }), null);
  });

  it('counts what slow requests and a warm-up take from a step', () => {
    const [first] = ask({ p99: 2_000, analysis: { warmUp: 10_000 } }).steps;
    near(first?.requests.candidate ?? 0, 480, 1e-6);
  });

  it('has a plan without steps, and without traffic', () => {
    assert.deepEqual(ask({ steps: [] }).good, { duration: 0, earliest: 0, isPromoted: true });
    assert.equal(ask({ steps: [{ weight: 10, hold: 0 }] }).steps[0]?.smallest, null);
    assert.equal(ask({ requestsPerSecond: 0 }).good.isPromoted, false);
  });

  it('tells how soon steps may end that end early', () => {
    const promoteEarly = { margin: 0.005, after: 10_000 };
    const { good } = ask({ requestsPerSecond: 1_000, analysis: { promoteEarly } });
    near(good.earliest, 2 * 10_000, 5_000);
    assert.equal(good.duration, 2 * MINUTE);
  });
});

describe('a forecast warns', () => {
  it('of a step that would not even see a total failure, and says what would help', () => {
    const { requests, needed, cures } = caveat({ requestsPerSecond: 0.2 }, 'blind');
    near(requests, 1.2, 1e-9);
    assert.equal(needed, 3);
    assert.ok((cures.hold ?? 0) > MINUTE);
    const enough = ask({ requestsPerSecond: 0.2, steps: [{ weight: 10, hold: cures.hold ?? 0 }] });
    assert.ok(enough.caveats.every(({ code }) => code !== 'blind' && code !== 'undecided'));
  });

  it('of a step with nothing to compare with', () => {
    const blind = caveat({ steps: [{ weight: 100, hold: MINUTE }] }, 'blind');
    assert.equal(blind.needed, null);
    assert.match(sayCaveat(blind), /nothing to compare with/);
  });

  it('of a good release that proves nothing in time, and what the plan then does', () => {
    const little = { requestsPerSecond: 4 };
    assert.equal(caveat(little, 'undecided').course.kind, 'held');
    const promoted = caveat({ ...little, onInconclusive: 'promote' }, 'undecided');
    assert.deepEqual(promoted.course, { kind: 'goes-on-unproved', after: 2 * MINUTE });
    const back = ask({ ...little, onInconclusive: 'rollback' });
    assert.deepEqual([back.good.isPromoted, back.good.duration], [false, 2 * MINUTE]);
    const cured = caveat(little, 'undecided').cures;
    assert.ok(!has({ ...little, steps: [{ weight: 10, hold: cured.hold ?? 0 }] }, 'undecided'));
    assert.ok(!has({ ...little, analysis: { mustFind: 0.9 } }, 'undecided'));
  });

  it('of what is promoted although it is worse', () => {
    const { smallest, weight } = caveat({}, 'weak');
    assert.equal(weight, 50);
    near(smallest, 0.0088, 0.001);
  });

  it('of metrics that come late', () => {
    const late = caveat({ lag: 30_000 }, 'late');
    near(late.requests, 300, 1e-9);
    near(late.withinSecond, 10, 1e-9);
    assert.ok(!has({ lag: 500 }, 'late'));
  });

  it('of so much traffic that small differences roll back, unless they are tolerated', () => {
    const much = { requestsPerSecond: 10_000, errorRate: 0.01 };
    assert.ok(caveat(much, 'sensitive').smallest < 0.013);
    assert.ok(!has({ ...much, analysis: { maxIncrease: 0.005 } }, 'sensitive'));
    assert.ok(!has({}, 'sensitive'));
  });

  it('of failures in clusters', () => {
    const clusters = { overdispersion: 3, isCapped: false };
    near(caveat({ analysis: { clusters } }, 'clusters').factor, 3, 1e-9);
    assert.ok(!has({}, 'clusters'));
  });

  it('of how much slower a release may be', () => {
    const { threshold, share } = caveat({ p99: 120 }, 'slow');
    near(threshold, 132, 1e-9);
    assert.ok(share !== null && share > 0.015 && share < 0.1);
    assert.equal(caveat({ p99: 120, requestsPerSecond: 0.2 }, 'slow').share, null);
    assert.ok(!has({}, 'slow'));
  });

  it('of a plan that does not roll back', () => {
    assert.equal(caveat({ analysis: { onFailure: 'report' } }, 'no-rollback').onFailure, 'report');
    assert.ok(!has({}, 'no-rollback'));
  });

  it('in whole sentences', () => {
    const all = [
      ...caveatsOf({ requestsPerSecond: 0.2, analysis: { onFailure: 'hold' } }),
      ...caveatsOf({ requestsPerSecond: 20_000, errorRate: 0.02, lag: 5_000, p99: 80 }),
      ...caveatsOf({ requestsPerSecond: 5, onInconclusive: 'promote', p99: 80 }),
    ];
    for (const each of all) {
      const text = sayCaveat(each);
      assert.match(text, /^[A-Z].*\.$/);
      assert.doesNotMatch(text, /NaN|undefined|null|Infinity|\d{6}/);
    }
  });
});
