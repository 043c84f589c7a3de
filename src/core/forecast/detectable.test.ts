import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FAILS_MORE } from '../analysis/alternative.ts';
import { leastFailed, requestsToSeeOutage, smallestFound } from './detectable.ts';
import { power, type Trigger } from './power.ts';

const RELATIVE: Trigger = {
  hypothesis: { offset: 0, slope: 1, side: 'at-most' },
  alternatives: FAILS_MORE,
  needed: Math.log(100) + Math.log(7) - Math.log(0.8),
};

const WEIGHTS = [1, 5, 10, 25, 50];

/** Percent of failed requests that five minutes find, by requests a second; computed independently. */
const NOTHING = null;
const FOUND: readonly {
  readonly stable: number;
  readonly rows: readonly (readonly [rps: number, found: readonly (number | null)[]])[];
}[] = [
  {
    stable: 0.0001,
    rows: [
      [0.1, [NOTHING, 90, 93, 70, 67]],
      [1, [72, 27, 14, 10, 9]],
      [10, [11, 3.1, 1.8, 1.1, 0.97]],
      [100, [1.4, 0.4, 0.25, 0.16, 0.14]],
      [1_000, [0.21, 0.075, 0.053, 0.038, 0.034]],
      [10_000, [0.05, 0.025, 0.021, 0.017, 0.016]],
    ],
  },
  {
    stable: 0.001,
    rows: [
      [0.1, [NOTHING, 91, 94, 71, 67]],
      [1, [73, 27, 18, 11, 9]],
      [10, [13, 3.9, 2.5, 1.6, 1.4]],
      [100, [2.1, 0.75, 0.53, 0.38, 0.34]],
      [1_000, [0.5, 0.25, 0.21, 0.17, 0.16]],
      [10_000, [0.2, 0.14, 0.14, 0.13, 0.13]],
    ],
  },
  {
    stable: 0.01,
    rows: [
      [0.1, [NOTHING, NOTHING, 94, 77, 71]],
      [1, [91, 34, 23, 14, 13]],
      [10, [20, 7.4, 5.3, 3.7, 3.3]],
      [100, [4.9, 2.5, 2.1, 1.7, 1.6]],
      [1_000, [2, 1.4, 1.4, 1.3, 1.3]],
      [10_000, [1.3, 1.3, 1.3, 1.2, 1.2]],
    ],
  },
];

describe('the smallest regression that is found', () => {
  for (const { stable, rows } of FOUND) {
    it(`is as computed independently, with ${100 * stable} % of errors at stable`, () => {
      for (const [rps, expected] of rows) {
        const found = WEIGHTS.map((weight) => {
          const requests = { candidate: 3 * rps * weight, stable: 3 * rps * (100 - weight) };
          return smallestFound(
            (candidate) => power(RELATIVE, { requests, rates: { candidate, stable } }),
            stable,
            20,
          );
        });
        for (const [index, rate] of found.entries()) {
          const percent = expected[index] ?? null;
          const isRight =
            percent === null || rate === null
              ? rate === percent
              : Math.abs(rate / (percent / 100) - 1) < 0.05;
          assert.ok(isRight, `${rps} rps at ${WEIGHTS[index]} %: ${rate}, expected ${percent} %`);
        }
      }
    });
  }

  it('is found even if stable has no errors', () => {
    const requests = { candidate: 3_000, stable: 27_000 };
    const rate = smallestFound(
      (candidate) => power(RELATIVE, { requests, rates: { candidate, stable: 0 }, expected: 0.00002 }),
      0,
      20,
    );
    assert.ok(rate !== null && rate > 0.0005 && rate < 0.004);
  });
});

describe('a total outage', () => {
  it('needs a handful of requests to be seen', () => {
    const needed = WEIGHTS.map((weight) => requestsToSeeOutage(RELATIVE, weight / 100, 0.001));
    assert.deepEqual(needed, [2, 2, 3, 4, 6]);
  });

  it('is never seen where there is nothing to compare with', () => {
    assert.equal(requestsToSeeOutage(RELATIVE, 1, 0.001), null);
  });

  it('is never seen where stable is out as well', () => {
    assert.equal(requestsToSeeOutage(RELATIVE, 0.1, 1), null);
  });
});

describe('the least that any test costs', () => {
  it('is as computed independently', () => {
    const expected = new Map([
      [0.002, 27.22],
      [0.005, 6.89],
      [0.01, 4.24],
      [0.02, 3.15],
      [0.05, 2.5],
      [0.2, 2.08],
      [1, 1.44],
    ]);
    for (const [candidate, failed] of expected) {
      const least = leastFailed({ candidate, stable: 0.001 }, 9, 0.01);
      assert.ok(Math.abs(least - failed) < 0.006, `${least}, expected ${failed}`);
    }
  });
});
