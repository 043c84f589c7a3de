import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { block } from '../../../test/counts.ts';
import type { Block } from '../analysis/count.ts';
import { alarmedDeployment, alarmState, type Datapoint } from './alarm.ts';
import { argoRollouts } from './argo-rollouts.ts';
import { brentRoot } from './brent.ts';
import { flagger } from './flagger.ts';
import { kayenta } from './kayenta.ts';
import { hodgesLehmann } from './mann-whitney.ts';
import type { Peer } from './peer.ts';

const BAD = block(10, 1, 90, 0);
const GOOD = block(10, 0, 90, 0);
const SILENT = block(0, 0, 90, 0);

/** The second at which the peer rolls back, if seconds go like this. */
function rollsBackAt(peer: Peer, at: (second: number) => Block, seconds = 600): number | null {
  const seen: Block[] = [];
  for (let second = 1; second <= seconds; second += 1) {
    seen.push(at(second));
    if (peer.rollsBack(seen)) return second;
  }
  return null;
}

function state(points: string, datapointsToAlarm: number): readonly string[] {
  const kinds: Readonly<Record<string, Datapoint>> = { '0': 'good', X: 'breaching', '-': 'missing' };
  const datapoints = points.split('').map((point) => kinds[point] ?? 'missing');
  return (['missing', 'breaching', 'good'] as const).map((missing) =>
    alarmState(datapoints, { evaluationPeriods: 3, datapointsToAlarm, missing }),
  );
}

describe('a CloudWatch alarm', () => {
  it('is as the user guide says, three datapoints out of three', () => {
    assert.deepEqual(state('0-X-X', 3), ['ok', 'ok', 'ok']);
    assert.deepEqual(state('0----', 3), ['ok', 'ok', 'ok']);
    assert.deepEqual(state('-----', 3), ['insufficient', 'alarm', 'ok']);
    assert.deepEqual(state('0XX-X', 3), ['alarm', 'alarm', 'alarm']);
    assert.deepEqual(state('----X', 3), ['insufficient', 'alarm', 'ok']);
    assert.deepEqual(state('X----', 3), ['alarm', 'alarm', 'ok']);
  });

  it('is as the user guide says, two datapoints out of three', () => {
    assert.deepEqual(state('0-X-X', 2), ['alarm', 'alarm', 'alarm']);
    assert.deepEqual(state('00X0X', 2), ['alarm', 'alarm', 'alarm']);
    assert.deepEqual(state('0-X--', 2), ['ok', 'alarm', 'ok']);
    assert.deepEqual(state('----0', 2), ['ok', 'alarm', 'ok']);
    assert.deepEqual(state('----X', 2), ['insufficient', 'alarm', 'ok']);
  });

  it('is not fooled by a breach that is too young', () => {
    assert.equal(state('---X-', 3)[0], 'insufficient');
    assert.equal(state('--X--', 3)[0], 'alarm');
  });
});

describe('an alarmed deployment', () => {
  const rule = {
    period: 60,
    max: 0.01,
    evaluationPeriods: 1,
    datapointsToAlarm: 1,
    missing: 'missing',
  } as const;

  it('goes back at the end of the first bad minute', () => {
    const peer = alarmedDeployment('alarm', rule);
    assert.equal(
      rollsBackAt(peer, () => BAD),
      60,
    );
    assert.equal(
      rollsBackAt(peer, (second) => (second > 130 ? BAD : GOOD)),
      180,
    );
    assert.equal(
      rollsBackAt(peer, () => GOOD),
      null,
    );
  });

  it('waits for as many minutes as it was told', () => {
    const slow = alarmedDeployment('alarm', { ...rule, evaluationPeriods: 2, datapointsToAlarm: 2 });
    assert.equal(
      rollsBackAt(slow, () => BAD),
      120,
    );
  });
});

describe('Flagger', () => {
  const rule = { interval: 60, window: 60, threshold: 5, minimumSuccess: 0.99 };

  it('goes back one tick after the last failed check that it takes', () => {
    assert.equal(
      rollsBackAt(flagger('flagger', rule), () => BAD),
      360,
    );
    assert.equal(
      rollsBackAt(flagger('flagger', { ...rule, interval: 10 }), () => BAD),
      60,
    );
  });

  it('never forgets a failed check', () => {
    const everyOther = (second: number) => (Math.floor((second - 1) / 60) % 2 === 0 ? BAD : GOOD);
    assert.equal(rollsBackAt(flagger('flagger', rule), everyOther), 600);
  });

  it('takes no traffic for a failure', () => {
    assert.equal(
      rollsBackAt(flagger('flagger', rule), () => SILENT),
      360,
    );
  });
});

describe('an analysis run of Argo Rollouts', () => {
  const rule = { interval: 60, window: 60, count: 5, failureLimit: 0, minimumSuccess: 0.95 };

  it('fails at the first measurement beyond the limit', () => {
    assert.equal(
      rollsBackAt(argoRollouts('argo', rule), () => BAD),
      60,
    );
    assert.equal(
      rollsBackAt(argoRollouts('argo', { ...rule, failureLimit: 3 }), () => BAD),
      240,
    );
  });

  it('sees nothing after its last measurement', () => {
    assert.equal(
      rollsBackAt(argoRollouts('argo', rule), (second) => (second > 300 ? BAD : GOOD)),
      null,
    );
  });

  it('takes no traffic for a failure', () => {
    assert.equal(
      rollsBackAt(argoRollouts('argo', rule), () => SILENT),
      60,
    );
  });
});

describe('the shift between two groups', () => {
  it('is the median of the differences', () => {
    const { estimate } = hodgesLehmann([1.1, 2.2, 3.3, 4.4, 5.5], [0.1, 0.2, 0.3, 0.4, 0.5]);
    assert.ok(Math.abs(estimate - 3) < 0.11, `${estimate}`);
  });

  it('has an interval that touches the smallest difference where the groups are just apart enough', () => {
    const { low } = hodgesLehmann([10, 11, 12, 13, 14], [1, 2, 3, 4, 5]);
    assert.ok(low > 4.9 && low < 6.1, `${low}`);
  });
});

describe('the root that Brent finds', () => {
  it('is near that of smooth and of broken functions', () => {
    const functions: readonly [(at: number) => number, number][] = [
      [(at) => Math.cos(at) - at, 0.7390851],
      [(at) => 1 - at ** 3, 1],
      [(at) => Math.exp(-at) - 0.5, Math.LN2],
      [(at) => (at < 0.3 ? 2 : -1), 0.3],
    ];
    for (const [f, root] of functions) {
      assert.ok(Math.abs(brentRoot(f, -2, 5) - root) < 2e-4, `${brentRoot(f, -2, 5)} for ${root}`);
    }
  });
});

describe('Kayenta', () => {
  const noisy = (rate: number) => (second: number) => block(100, rate + (second % 3), 900, second % 5);

  it('fails a clear shift at its first judgement', () => {
    assert.equal(rollsBackAt(kayenta('kayenta', { point: 60, every: 300 }), noisy(20)), 300);
    assert.equal(rollsBackAt(kayenta('kayenta', { point: 10, every: 60 }), noisy(20)), 60);
  });

  it('passes what is the same', () => {
    assert.equal(
      rollsBackAt(kayenta('kayenta', { point: 60, every: 300 }), () => GOOD),
      null,
    );
    assert.equal(
      rollsBackAt(kayenta('kayenta', { point: 60, every: 300 }), () => block(10, 1, 90, 9)),
      null,
    );
  });

  it('has nothing to say without data', () => {
    assert.equal(
      rollsBackAt(kayenta('kayenta', { point: 60, every: 300 }), () => SILENT),
      null,
    );
  });
});
