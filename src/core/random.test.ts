import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { binomial, poisson, seededRandom } from './random.ts';

function mean(draw: () => number, count: number): number {
  let sum = 0;
  for (let index = 0; index < count; index += 1) sum += draw();
  return sum / count;
}

describe('seeded chance', () => {
  it('is the same for the same seed, and different for another', () => {
    const draws = (seed: number) => {
      const random = seededRandom(seed);
      return Array.from({ length: 5 }, () => random.next());
    };
    assert.deepEqual(draws(1), draws(1));
    assert.notDeepEqual(draws(1), draws(2));
  });

  it('is spread evenly', () => {
    const random = seededRandom(7);
    const counts = Array.from({ length: 10 }, () => 0);
    for (let index = 0; index < 100_000; index += 1)
      counts[random.below(10)] = (counts[random.below(10)] ?? 0) + 1;
    assert.ok(Math.abs(mean(() => random.next(), 100_000) - 0.5) < 0.005);
  });

  it('draws binomial numbers with the right mean and spread', () => {
    const random = seededRandom(3);
    for (const [trials, probability] of [
      [50, 0.02],
      [50, 0.97],
      [1_000, 0.4],
    ] as const) {
      const draws = Array.from({ length: 20_000 }, () => binomial(random, trials, probability));
      const average = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
      const variance = draws.reduce((sum, draw) => sum + (draw - average) ** 2, 0) / draws.length;
      const expected = trials * probability * (1 - probability);
      assert.ok(Math.abs(average - trials * probability) < 5 * Math.sqrt(expected / draws.length));
      assert.ok(
        Math.abs(variance / expected - 1) < 0.06,
        `${trials} ${probability}: ${variance} for ${expected}`,
      );
    }
  });

  it('draws Poisson numbers with the right mean', () => {
    const random = seededRandom(4);
    assert.ok(Math.abs(mean(() => poisson(random, 3.5), 50_000) - 3.5) < 0.05);
  });

  it('knows what cannot fail and what cannot succeed', () => {
    const random = seededRandom(5);
    assert.deepEqual([binomial(random, 9, 0), binomial(random, 9, 1), binomial(random, 0, 0.5)], [0, 9, 0]);
  });
});
