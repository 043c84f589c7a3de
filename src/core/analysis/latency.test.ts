import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sample } from '../../../test/builders.ts';
import { addSamples, bucketOf, LATENCY_EDGES, type Sample } from '../sample.ts';
import {
  beginLatency,
  latencyAgainst,
  type LatencyEvidence,
  latencyInFavour,
  learnLatency,
  slowerThan,
} from './latency.ts';
import { usualSettings } from './settings.ts';

const SETTINGS = usualSettings([{ weight: 10, hold: 60_000 }]);
const MOMENT = { duration: 1_000, step: 0, isNewStep: false };

/** Requests from 10 to 100 ms, all latencies times `factor`. */
function spread(requests: number, factor: number): Sample {
  const each = requests / 10;
  return addSamples(Array.from({ length: 10 }, (_, index) => sample(each, 0, (index + 1) * 10 * factor)));
}

function after(candidate: Sample, blocks = 30, settings = SETTINGS): LatencyEvidence {
  let evidence = beginLatency(settings, spread(3_000, 1));
  for (let index = 0; index < blocks; index += 1) {
    evidence = learnLatency(evidence, settings, { candidate, stable: spread(90, 1) }, MOMENT);
  }
  return evidence;
}

function edges(evidence: LatencyEvidence): readonly number[] {
  return evidence.kind === 'judging' ? evidence.thresholds.map((threshold) => threshold.edge) : [];
}

describe('requests beyond an edge', () => {
  it('are those in the buckets above it, and those that failed', () => {
    const both = addSamples([sample(10, 3, 20), sample(5, 0, 500)]);
    assert.deepEqual(slowerThan(both, bucketOf(20)), { requests: 15, bad: 8 });
    assert.deepEqual(slowerThan(both, bucketOf(20) - 1), { requests: 15, bad: 15 });
    assert.deepEqual(slowerThan(both, bucketOf(500)), { requests: 15, bad: 3 });
  });
});

describe('latency thresholds', () => {
  it('are quantiles of stable', () => {
    const expected = [50, 80, 90, 100].map((latency) => bucketOf(latency));
    assert.deepEqual(edges(beginLatency(SETTINGS, spread(3_000, 1))), expected);
  });

  it('include the latency that is promised', () => {
    const promised = { ...SETTINGS, slo: { errors: null, latency: 250 } };
    assert.ok(edges(beginLatency(promised, spread(3_000, 1))).includes(bucketOf(250)));
  });

  it('are learnt from the first blocks if stable has no past, and nothing is judged meanwhile', () => {
    let evidence = beginLatency(SETTINGS, null);
    const arms = { candidate: spread(100, 9), stable: spread(100, 1) };
    for (const kind of ['learning', 'learning', 'judging']) {
      evidence = learnLatency(evidence, SETTINGS, arms, MOMENT);
      assert.equal(evidence.kind, kind);
      assert.equal(latencyAgainst(evidence, SETTINGS), 0);
      assert.equal(latencyInFavour(evidence, SETTINGS), 0);
    }
    assert.ok(latencyAgainst(learnLatency(evidence, SETTINGS, arms, MOMENT), SETTINGS) > 0);
  });

  it('are never found where latencies are not measured', () => {
    const unmeasured = { ...sample(1_000), latency: [] };
    assert.equal(beginLatency(SETTINGS, unmeasured).kind, 'learning');
  });

  it('lie within the edges, however slow stable is', () => {
    assert.deepEqual(edges(beginLatency(SETTINGS, sample(1_000, 0, 500_000))), [LATENCY_EDGES.length - 1]);
  });
});

describe('a slower candidate', () => {
  it('is one that takes half as long again', () => {
    assert.ok(latencyAgainst(after(spread(10, 1.5)), SETTINGS) > Math.log(100));
  });

  it('is not one within the margin', () => {
    assert.ok(latencyAgainst(after(spread(10, 1.09)), SETTINGS) < 0);
  });

  it('is one within another margin', () => {
    const generous = { ...SETTINGS, latencyMargin: 0.6 };
    assert.ok(latencyAgainst(after(spread(10, 1.5), 30, generous), generous) < 0);
  });

  it('is one whose requests do not end well', () => {
    assert.ok(latencyAgainst(after(sample(10, 6, 10)), SETTINGS) > Math.log(100));
  });

  it('is ruled out by a fast one at every threshold', () => {
    assert.ok(latencyInFavour(after(spread(10, 0.5), 100), SETTINGS) > Math.log(20));
    assert.ok(latencyInFavour(after(spread(10, 1.5), 100), SETTINGS) < 0);
  });
});
