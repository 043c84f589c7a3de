import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sample, START } from '../../../test/builders.ts';
import { close } from '../../../test/counts.ts';
import type { Arms, Sample } from '../sample.ts';
import { assess, type Assessment, progressOf } from './assess.ts';
import { beginEvidence, learn } from './evidence.ts';
import { type AnalysisSettings, metricWeights, temperOf, usualSettings } from './settings.ts';

const SETTINGS = usualSettings([
  { weight: 10, hold: 300_000 },
  { weight: 50, hold: 300_000 },
]);
const WITH_LIMIT: AnalysisSettings = { ...SETTINGS, slo: { errors: 0.01, latency: null } };
const HISTORY = sample(20_000, 20);
const WELL = sample(100);

interface Course {
  readonly settings?: AnalysisSettings;
  readonly seconds: number;
  readonly arms: Arms<Sample> | ((target: string) => Arms<Sample>);
  readonly targets?: readonly string[];
  readonly steps?: readonly number[];
  readonly history?: Sample;
}

/** The assessment after so many seconds of the same on every target, in each of the steps. */
function assessed({
  settings = SETTINGS,
  seconds,
  arms,
  targets = ['web'],
  steps = [0],
  history = HISTORY,
}: Course): Assessment {
  let evidence = beginEvidence(settings, Object.fromEntries(targets.map((target) => [target, history])));
  let at = START;
  for (const step of steps) {
    for (let second = 0; second < seconds; second += 1) {
      for (const target of targets) {
        const each = typeof arms === 'function' ? arms(target) : arms;
        const interval = { target, step, weight: 10, from: at, to: at + 1_000, arms: each, flush: false };
        evidence = learn(evidence, settings, interval);
      }
      at += 1_000;
    }
  }
  return assess(evidence, settings, steps.at(-1) ?? 0);
}

describe('an assessment', () => {
  it('begins with nothing, and undecided', () => {
    const start = assessed({ seconds: 0, arms: { candidate: WELL, stable: WELL } });
    assert.ok(Math.abs(start.against) < 1e-12);
    assert.equal(start.conclusion, 'undecided');
    assert.equal(start.progress, 0);
    close(start.limit, Math.log(100));
  });

  it('rolls back a candidate that fails more, and says by what', () => {
    const bad = assessed({ seconds: 2, arms: { candidate: sample(100, 10), stable: sample(900, 1) } });
    assert.equal(bad.conclusion, 'rollback');
    assert.equal(bad.progress, 1);
    assert.equal(bad.leading?.metric, 'errors');
  });

  it('rolls back a slower candidate', () => {
    const slow = assessed({ seconds: 20, arms: { candidate: sample(100, 0, 60), stable: sample(900) } });
    assert.equal(slow.conclusion, 'rollback');
    assert.equal(slow.leading?.metric, 'latency');
  });

  it('rolls back a silent candidate', () => {
    const silent = assessed({ seconds: 2, arms: { candidate: sample(0), stable: sample(900) } });
    assert.equal(silent.conclusion, 'rollback');
    assert.equal(silent.leading?.metric, 'traffic');
  });

  it('does not blame the candidate for what hits both', () => {
    const incident = assessed({
      seconds: 60,
      arms: { candidate: sample(100, 30), stable: sample(900, 270) },
    });
    assert.equal(incident.conclusion, 'undecided');
  });

  it('is suspicious halfway to the limit', () => {
    const some = assessed({ seconds: 1, arms: { candidate: sample(100, 3), stable: sample(900, 1) } });
    assert.equal(some.conclusion, 'undecided');
    assert.equal(some.suspicious, true);
    assert.ok(some.progress > 0.5 && some.progress < 1);
  });
});

describe('the way of one metric to a rollback', () => {
  it('is never further than that of all together', () => {
    for (const targets of [['web'], ['web', 'api']]) {
      for (const bad of [0, 1, 2, 3, 10]) {
        const arms = { candidate: sample(100, bad), stable: sample(900, 1) };
        const found = assessed({ seconds: 1, arms, targets });
        for (const metric of found.metrics) assert.ok(progressOf(metric, found) <= found.progress);
      }
    }
  });

  it('is what the leading one brings with its share of the evidence', () => {
    const some = assessed({ seconds: 1, arms: { candidate: sample(100, 3), stable: sample(900, 1) } });
    const errors = some.metrics.find(({ metric }) => metric === 'errors') ?? assert.fail('not judged');
    close(progressOf(errors, some), (errors.against + Math.log(0.5)) / some.limit);
  });
});

describe('a limit on errors', () => {
  const both = { candidate: sample(100, 5), stable: sample(900, 45) };
  const alone = { candidate: sample(100, 5), stable: sample(900, 0) };

  it('names the environment if stable breaches it too', () => {
    const breached = assessed({
      settings: WITH_LIMIT,
      seconds: 5,
      arms: both,
      history: sample(20_000, 1_000),
    });
    assert.equal(breached.conclusion, 'environment-unhealthy');
    assert.equal(breached.leading?.metric, 'slo');
  });

  it('names the candidate if only it does', () => {
    assert.equal(assessed({ settings: WITH_LIMIT, seconds: 5, arms: alone }).conclusion, 'rollback');
  });

  it('may be zero', () => {
    const strict: AnalysisSettings = { ...SETTINGS, slo: { errors: 0, latency: null } };
    assert.ok(Number.isFinite(assessed({ settings: strict, seconds: 5, arms: alone }).against));
  });

  it('works without stable', () => {
    const full = assessed({
      settings: WITH_LIMIT,
      seconds: 2,
      arms: { candidate: sample(100, 9), stable: sample(0) },
    });
    assert.equal(full.conclusion, 'rollback');
    assert.equal(full.leading?.metric, 'slo');
  });
});

describe('early promotion', () => {
  const well = { candidate: WELL, stable: sample(900, 1) };

  it('comes when every metric speaks for it and the step was long enough', () => {
    assert.equal(assessed({ seconds: 59, arms: well }).conclusion, 'undecided');
    assert.equal(assessed({ seconds: 59, arms: well }).clear, true);
    assert.equal(assessed({ seconds: 60, arms: well }).conclusion, 'promote');
    assert.equal(assessed({ settings: WITH_LIMIT, seconds: 60, arms: well }).conclusion, 'promote');
  });

  it('does not come from the step before', () => {
    assert.equal(assessed({ seconds: 60, arms: well, steps: [0, 1] }).conclusion, 'promote');
    const evidence = learn(beginEvidence(SETTINGS, { web: HISTORY }), SETTINGS, {
      target: 'web',
      step: 0,
      weight: 10,
      from: START,
      to: START + 60_000,
      arms: { candidate: sample(6_000), stable: sample(54_000, 54) },
      flush: false,
    });
    assert.equal(assess(evidence, SETTINGS, 0).conclusion, 'promote');
    assert.equal(assess(evidence, SETTINGS, 1).conclusion, 'undecided');
  });

  it('needs every target', () => {
    const targets = ['web', 'worker'];
    const arms = (target: string) => (target === 'web' ? well : { candidate: sample(0), stable: sample(0) });
    assert.equal(assessed({ seconds: 60, arms: () => well, targets }).conclusion, 'promote');
    assert.equal(assessed({ seconds: 60, arms, targets }).conclusion, 'undecided');
  });

  it('needs something to be judged', () => {
    const nothing = { ...SETTINGS, weights: { errors: 0, latency: 0, traffic: 0 } };
    assert.equal(assessed({ settings: nothing, seconds: 60, arms: well }).conclusion, 'undecided');
  });

  it('needs latency to be known', () => {
    assert.equal(assessed({ seconds: 60, arms: well, history: sample(0) }).conclusion, 'promote');
    const unmeasured = { candidate: { ...WELL, latency: [] }, stable: { ...sample(900, 1), latency: [] } };
    assert.equal(assessed({ seconds: 60, arms: unmeasured, history: sample(0) }).conclusion, 'undecided');
  });
});

describe('several targets', () => {
  const slightly = { candidate: sample(100, 2), stable: sample(900, 1) };
  const targets = ['a', 'b', 'c', 'd'];

  it('are sooner sure together', () => {
    const one = assessed({ seconds: 1, arms: slightly });
    const four = assessed({ seconds: 1, arms: slightly, targets });
    assert.ok(four.against > 2 * one.against);
  });

  it('are rolled back for one of them', () => {
    const bad = { candidate: sample(100, 20), stable: sample(900, 1) };
    const well = { candidate: WELL, stable: sample(900, 1) };
    const one = assessed({ seconds: 2, arms: (target) => (target === 'c' ? bad : well), targets });
    assert.equal(one.conclusion, 'rollback');
    assert.equal(one.leading?.target, 'c');
  });
});

describe('the shares of the evidence', () => {
  it('add up to 1, whatever is judged', () => {
    for (const settings of [
      SETTINGS,
      WITH_LIMIT,
      { ...SETTINGS, weights: { errors: 3, latency: 0, traffic: 1 } },
    ]) {
      const sum = metricWeights(settings).reduce((total, { weight }) => total + weight, 0);
      assert.ok(Math.abs(sum - 1) < 1e-12);
    }
    assert.deepEqual(
      metricWeights(WITH_LIMIT).map(({ weight }) => Math.round(weight * 100)),
      [35, 15, 30, 20],
    );
  });
});

describe('clustered failures', () => {
  it('count for as much less as they cluster', () => {
    assert.deepEqual([null, 1, 1.2, 5].map(temperOf), [1, 1, 1, 0.2]);
    const arms = { candidate: sample(100, 9), stable: sample(900, 1) };
    const clustered = { ...SETTINGS, overdispersion: { errors: 5, latency: null } };
    assert.equal(assessed({ seconds: 1, arms }).conclusion, 'rollback');
    assert.equal(assessed({ settings: clustered, seconds: 1, arms }).conclusion, 'undecided');
  });

  it('cannot decide within one second if it is capped', () => {
    const arms = { candidate: sample(100, 100), stable: sample(900, 1) };
    const capped = { ...SETTINGS, cap: true };
    assert.equal(assessed({ settings: capped, seconds: 1, arms }).conclusion, 'undecided');
    assert.equal(assessed({ settings: capped, seconds: 4, arms }).conclusion, 'rollback');
  });
});
