import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { block, close } from '../../../test/counts.ts';
import { seededRandom } from '../random.ts';
import { boundary, contradicts, logBlockEValue, type LinearNull, project } from './linear-null.ts';

const NOT_WORSE: LinearNull = { offset: 0, slope: 1, side: 'at-most' };
const TOLERANT: LinearNull = { offset: 0.002, slope: 1.2, side: 'at-most' };
const INFERIOR: LinearNull = { offset: 0.005, slope: 1, side: 'at-least' };
const BAD = { stable: 0.001, candidate: 0.05 };
const SAME = { stable: 0.001, candidate: 0.001 };
const SIZES = { stable: 90, candidate: 10 };

describe('the projection', () => {
  it('is the pooled rate if the hypothesis is "not worse"', () => {
    const nearest = project(BAD, NOT_WORSE, SIZES);
    close(nearest.candidate, 0.0059);
    close(nearest.stable, 0.0059);
  });

  it('lies on the edge of the hypothesis', () => {
    const tolerant = project(BAD, TOLERANT, SIZES);
    close(tolerant.candidate, 0.007351504632);
    close(tolerant.stable, 0.004459587193);
    const inferior = project(SAME, INFERIOR, SIZES);
    close(inferior.candidate, 0.005915087949);
    close(inferior.stable, 0.000915087949);
  });

  it('leaves stable alone if the hypothesis is about the candidate only', () => {
    const limit: LinearNull = { offset: 0.01, slope: 0, side: 'at-most' };
    assert.deepEqual(project(BAD, limit, SIZES), { stable: 0.001, candidate: 0.01 });
  });

  it('is nearer than anything else on the edge', () => {
    const random = seededRandom(11);
    for (let round = 0; round < 300; round += 1) {
      const { hypothesis, alternative } = draw(random.next);
      if (!contradicts(alternative, hypothesis)) continue;
      const nearest = project(alternative, hypothesis, SIZES);
      for (let other = 0.001; other < 1; other += 0.01) {
        const rates = { stable: other, candidate: boundary(hypothesis, other) };
        if (rates.candidate <= 0 || rates.candidate >= 1) continue;
        assert.ok(divergence(alternative, nearest) <= divergence(alternative, rates) + 1e-9);
      }
    }
  });
});

describe('the e-value of a block', () => {
  it('is what the paper says', () => {
    close(logBlockEValue(block(10, 2, 90, 0), BAD, NOT_WORSE), 4.35366235278571);
    close(logBlockEValue(block(10, 2, 90, 0), BAD, TOLERANT), 3.795134371877796);
    close(logBlockEValue(block(10, 0, 90, 0), SAME, INFERIOR), 0.04167210118868773);
  });

  it('is 1 where there is nothing to bet on', () => {
    assert.equal(logBlockEValue(block(0, 0, 90, 3), BAD, NOT_WORSE), 0);
    assert.equal(logBlockEValue(block(10, 3, 0, 0), BAD, NOT_WORSE), 0);
    assert.equal(logBlockEValue(block(10, 3, 90, 0), SAME, NOT_WORSE), 0);
  });

  it('needs no stable if the hypothesis is about the candidate only', () => {
    const limit: LinearNull = { offset: 0.01, slope: 0, side: 'at-most' };
    close(logBlockEValue(block(1, 1, 0, 0), BAD, limit), Math.log(5));
  });
});

function draw(next: () => number): { hypothesis: LinearNull; alternative: typeof BAD } {
  return {
    hypothesis: {
      offset: 0.2 * next() - 0.1,
      slope: 0.5 + next(),
      side: next() < 0.5 ? 'at-most' : 'at-least',
    },
    alternative: { stable: 0.001 + 0.9 * next(), candidate: 0.001 + 0.9 * next() },
  };
}

function divergence(from: typeof BAD, to: typeof BAD): number {
  return SIZES.candidate * kl(from.candidate, to.candidate) + SIZES.stable * kl(from.stable, to.stable);
}

function kl(p: number, q: number): number {
  return p * Math.log(p / q) + (1 - p) * Math.log((1 - p) / (1 - q));
}
