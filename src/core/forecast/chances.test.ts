import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { close } from '../../../test/counts.ts';
import { binomialChances, type Chances, poissonChances, tailsOf } from './chances.ts';

function chanceOf({ first, of }: Chances, count: number): number {
  return of[count - first] ?? 0;
}

function mean({ first, stride, of }: Chances): number {
  return of.reduce((sum, chance, index) => sum + chance * (first + index * stride), 0);
}

describe('the Poisson distribution', () => {
  it('is what the formula says', () => {
    const few = poissonChances(2.5);
    for (const [count, expected] of [0.0820849986, 0.2052124966, 0.2565156207, 0.2137630173].entries())
      close(chanceOf(few, count), expected, 1e-9);
  });

  it('knows that of nothing comes nothing', () => {
    close(chanceOf(poissonChances(0), 0), 1, 1e-12);
  });

  it('keeps to the neighbourhood of a large mean, and loses nothing by that', () => {
    const many = poissonChances(30_000);
    assert.ok(many.of.length < 4_000);
    close(mean(many), 30_000, 1e-9);
  });
});

describe('the binomial distribution', () => {
  it('is what the formula says', () => {
    const few = binomialChances(4, 0.3);
    for (const [count, expected] of [0.2401, 0.4116, 0.2646, 0.0756, 0.0081].entries())
      close(chanceOf(few, count), expected, 1e-12);
  });

  it('is certain at the ends', () => {
    assert.deepEqual(binomialChances(7, 0), { first: 0, stride: 1, of: [1] });
    assert.deepEqual(binomialChances(7, 1), { first: 7, stride: 1, of: [1] });
  });

  it('ends at the number of trials, and its tails begin at certainty', () => {
    const most = binomialChances(50, 0.98);
    assert.equal(most.first + most.of.length - 1, 50);
    const tails = tailsOf(most);
    close(tails[0] ?? 0, 1, 1e-12);
    close(tails.at(-2) ?? 0, 0.98 ** 50, 1e-12);
    assert.equal(tails.at(-1), 0);
  });

  it('has the right mean where there are many trials', () => {
    close(mean(binomialChances(1_500_000, 0.013)), 19_500, 1e-9);
  });

  it('takes numbers together where there are too many to tell apart', () => {
    const enormous = binomialChances(8e10, 0.05);
    assert.ok(enormous.of.length <= 4_001);
    close(mean(enormous), 4e9, 1e-9);
    const tails = tailsOf(enormous);
    const atMean = tails[Math.round((4e9 - enormous.first) / enormous.stride)] ?? 0;
    close(atMean, 0.5, 0.002);
  });
});
