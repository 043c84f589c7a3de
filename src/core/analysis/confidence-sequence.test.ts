import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { block, close } from '../../../test/counts.ts';
import { binomial, seededRandom } from '../random.ts';
import { confidenceSequence } from './confidence-sequence.ts';
import type { Block } from './count.ts';

function traffic(seed: number, candidate: number, stable: number, blocks: number): readonly Block[] {
  const random = seededRandom(seed);
  return Array.from({ length: blocks }, () =>
    block(100, binomial(random, 100, candidate), 900, binomial(random, 900, stable)),
  );
}

describe('the confidence sequence of the difference', () => {
  it('excludes nothing at the beginning', () => {
    assert.deepEqual(confidenceSequence([]), { low: -1, high: 1 });
  });

  it('closes in on the difference', () => {
    const { low, high } = confidenceSequence(traffic(1, 0.02, 0.001, 60));
    assert.ok(low > 0.009 && low < 0.019, `${low}`);
    assert.ok(high > 0.019 && high < 0.035, `${high}`);
  });

  it('bounds the harm of a candidate that is as good as stable', () => {
    const { low, high } = confidenceSequence(traffic(2, 0.001, 0.001, 60));
    assert.ok(low <= 0);
    assert.ok(high > 0 && high <= 0.005, `${high}`);
  });

  it('sees a candidate that is better than a stable that fails often', () => {
    const { low, high } = confidenceSequence(traffic(3, 0.01, 0.05, 100));
    assert.ok(high < 0, `${high}`);
    assert.ok(low <= -0.02);
  });

  it('has no upper bound within the grid for a candidate that fails always', () => {
    const { low, high } = confidenceSequence(traffic(4, 1, 0.001, 5));
    close(low, 0.05);
    assert.equal(high, 1);
  });
});
