import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { binomial, poisson, seededRandom } from '../random.ts';
import { type Halves, overdispersion } from './overdispersion.ts';

/** `rate(t)` of bad requests in both halves, each bad one followed by others on the same half with the chance `retry`. */
function history(rate: (index: number) => number, retry: number, blocks = 4_000): readonly Halves[] {
  const random = seededRandom(5);
  const half = (index: number) => {
    const requests = poisson(random, 45);
    let bad = 0;
    let clusters = binomial(random, requests, rate(index) * (1 - retry));
    while (clusters > 0) {
      bad += 1;
      if (!random.chance(retry)) clusters -= 1;
    }
    return { requests: Math.max(requests, bad), bad };
  };
  return Array.from({ length: blocks }, (_, index): Halves => [half(index), half(index)]);
}

describe('overdispersion', () => {
  it('is 1 if failures are independent', () => {
    const phi = overdispersion(history(() => 0.01, 0));
    assert.ok(phi !== null && Math.abs(phi - 1) < 0.15, `${phi}`);
  });

  it('is about 5 if every failure is retried to three on average', () => {
    const phi = overdispersion(history(() => 0.01, 2 / 3));
    assert.ok(phi !== null && phi > 4 && phi < 6, `${phi}`);
  });

  it('is not inflated by an incident that hits both halves', () => {
    const phi = overdispersion(history((index) => (index % 100 < 10 ? 0.1 : 0.002), 0));
    assert.ok(phi !== null && Math.abs(phi - 1) < 0.15, `${phi}`);
  });

  it('is not known from little', () => {
    assert.equal(overdispersion([]), null);
    assert.equal(overdispersion(history(() => 0.01, 0, 299)), null);
    assert.equal(overdispersion(history(() => 0.00001, 0)), null);
  });
});
