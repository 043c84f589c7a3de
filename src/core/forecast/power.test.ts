import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FAILS_MORE, failsMoreThan } from '../analysis/alternative.ts';
import { power, type Trigger } from './power.ts';

/** Failures against stable's, with a chance of 1 % to blame a candidate that is not worse. */
const RELATIVE: Trigger = {
  hypothesis: { offset: 0, slope: 1, side: 'at-most' },
  alternatives: FAILS_MORE,
  needed: Math.log(100) + Math.log(7) - Math.log(0.8),
};

interface Asked {
  readonly rps: number;
  /** Percent. */
  readonly weight: number;
  readonly candidate: number;
  readonly stable?: number;
}

/** The power of a step of five minutes. */
function powerOf({ rps, weight, candidate, stable = 0.001 }: Asked, trigger = RELATIVE): number {
  const requests = { candidate: 3 * rps * weight, stable: 3 * rps * (100 - weight) };
  return power(trigger, { requests, rates: { candidate, stable } });
}

function about(actual: number, expected: number, within: number): void {
  assert.ok(Math.abs(actual - expected) <= within, `${actual}, expected ${expected}`);
}

describe('the power of a step', () => {
  it('is as computed independently, from hardly any to certainty', () => {
    const expected = new Map([
      [0.002, 0.016],
      [0.003, 0.15],
      [0.005, 0.73],
      [0.007, 0.97],
      [0.01, 1],
      [0.02, 1],
      [0.05, 1],
      [0.2, 1],
    ]);
    for (const [candidate, chance] of expected)
      about(powerOf({ rps: 100, weight: 10, candidate }), chance, 0.005);
  });

  it('is as computed independently where there is less or more traffic', () => {
    about(powerOf({ rps: 1, weight: 10, candidate: 0.18 }), 0.82, 0.03);
    about(powerOf({ rps: 1, weight: 50, candidate: 0.09 }), 0.8, 0.02);
    about(powerOf({ rps: 10, weight: 10, candidate: 0.025 }), 0.81, 0.02);
    about(powerOf({ rps: 10, weight: 1, candidate: 0.13 }), 0.78, 0.02);
    about(powerOf({ rps: 1000, weight: 1, candidate: 0.005 }), 0.8, 0.02);
    about(powerOf({ rps: 100, weight: 10, candidate: 0.021, stable: 0.01 }), 0.81, 0.02);
  });

  it('is less than alpha for a candidate that is not worse', () => {
    for (const stable of [0.0001, 0.01, 0.3]) {
      assert.ok(powerOf({ rps: 100, weight: 10, candidate: stable, stable }) < 0.01);
    }
  });

  it('grows with the rate, with time and with less to show', () => {
    const chances = [0.002, 0.004, 0.008].map((candidate) => powerOf({ rps: 100, weight: 10, candidate }));
    assert.deepEqual(
      chances,
      chances.toSorted((a, b) => a - b),
    );
    const one: Asked = { rps: 100, weight: 10, candidate: 0.004 };
    assert.ok(powerOf({ ...one, rps: 200 }) > powerOf(one));
    assert.ok(powerOf(one, { ...RELATIVE, needed: 3 }) > powerOf(one));
  });

  it('is nothing without requests of one side', () => {
    assert.equal(powerOf({ rps: 100, weight: 0, candidate: 1 }), 0);
    assert.equal(powerOf({ rps: 100, weight: 100, candidate: 1 }), 0);
  });

  it('needs no stable to find a breach of a limit', () => {
    const limit = 0.01;
    const absolute: Trigger = {
      hypothesis: { offset: limit, slope: 0, side: 'at-most' },
      alternatives: failsMoreThan(limit),
      needed: RELATIVE.needed,
    };
    assert.ok(powerOf({ rps: 1, weight: 100, candidate: 0.2 }, absolute) > 0.99);
    assert.ok(powerOf({ rps: 1, weight: 50, candidate: 0.09 }, absolute) > 0.9);
  });

  it('suffers little from bets on a rate that stable does not have', () => {
    const trial = {
      requests: { candidate: 3_000, stable: 27_000 },
      rates: { candidate: 0.006, stable: 0.001 },
    };
    about(power(RELATIVE, { ...trial, expected: 0.0012 }), power(RELATIVE, trial), 0.05);
  });
});
