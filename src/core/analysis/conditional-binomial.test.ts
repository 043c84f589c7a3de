import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addBad, type ConditionalBinomial, logEOfBad, NO_BAD } from './conditional-binomial.ts';
import { logChoose } from './numerics.ts';

const SHARE = 0.1;

function after(...blocks: readonly (readonly [number, number])[]): ConditionalBinomial {
  return blocks.reduce((test, [candidate, stable]) => addBad(test, { candidate, stable }, SHARE), NO_BAD);
}

describe('the test of bad requests alone', () => {
  it('needs a handful of failures of the candidate and none of stable', () => {
    let failures = 0;
    while (logEOfBad(after([failures, 0]), SHARE) < Math.log(100)) failures += 1;
    assert.ok(failures >= 3 && failures <= 8, `${failures}`);
  });

  it('says nothing against a candidate with less than its share', () => {
    assert.equal(logEOfBad(after([0, 200]), SHARE), 0);
    assert.equal(logEOfBad(after([20, 180]), SHARE), 0);
  });

  it('does not depend on how the counts are cut into blocks', () => {
    const cut = logEOfBad(after([3, 4], [2, 1], [0, 5]), SHARE);
    assert.ok(Math.abs(cut - logEOfBad(after([5, 10]), SHARE)) < 1e-9);
  });

  it('has an expectation of at most 1 if the candidate gets its share of the failures', () => {
    for (const total of [1, 5, 40]) {
      let sum = 0;
      for (let candidate = 0; candidate <= total; candidate += 1) {
        const likelihood =
          logChoose(total, candidate) +
          candidate * Math.log(SHARE) +
          (total - candidate) * Math.log1p(-SHARE);
        const logE = logEOfBad(after([candidate, total - candidate]), SHARE);
        // Where it says nothing, the unguarded evidence is below 1 on average, so only what it says counts.
        if (logE !== 0) sum += Math.exp(likelihood + logE);
      }
      assert.ok(sum <= 1 + 1e-9, `${total}: ${sum}`);
    }
  });
});
