import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { close } from '../../../test/counts.ts';
import { combineMetrics, combineTargets, contribution } from './combine.ts';

const logE = fc.double({ min: -50, max: 50, noNaN: true });
const weighted = fc
  .array(fc.record({ weight: fc.double({ min: 0.01, max: 1, noNaN: true }), logE }), { minLength: 1 })
  .map((parts) => {
    const sum = parts.reduce((total, part) => total + part.weight, 0);
    return parts.map((part) => ({ ...part, weight: part.weight / sum }));
  });

describe('several metrics', () => {
  it('average, so that their mean e-value is at most 1 if each one is', () => {
    const metrics = [
      { weight: 0.5, logE: Math.log(4) },
      { weight: 0.3, logE: Math.log(2) },
      { weight: 0.2, logE: 0 },
    ];
    close(combineMetrics(metrics), Math.log(2.8));
  });

  it('decide no later than with a Bonferroni correction', () => {
    fc.assert(
      fc.property(weighted, (metrics) => {
        const best = Math.max(...metrics.map(contribution));
        assert.ok(combineMetrics(metrics) >= best - 1e-12);
      }),
    );
  });

  it('never say more than the strongest of them', () => {
    fc.assert(
      fc.property(weighted, (metrics) => {
        const strongest = Math.max(...metrics.map((metric) => metric.logE));
        assert.ok(combineMetrics(metrics) <= strongest + 1e-9);
      }),
    );
  });
});

describe('several targets', () => {
  it('multiply what all of them show, and lose a factor of two', () => {
    close(combineTargets([5, 5, 5, 5]), Math.log(0.5 * Math.exp(20) + 0.5 * Math.exp(5)));
  });

  it('do not let a good target hide a bad one', () => {
    close(combineTargets([10, -30]), Math.log(0.25) + 10, 1e-6);
  });

  it('are as one if there is one', () => {
    fc.assert(fc.property(logE, (only) => close(combineTargets([only]), only, 1e-9)));
    assert.equal(combineTargets([]), 0);
  });
});
