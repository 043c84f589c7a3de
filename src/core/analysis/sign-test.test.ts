import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { close } from '../../../test/counts.ts';
import { logEOfSigns } from './sign-test.ts';

function periodsNeeded(alpha: number): number {
  let periods = 0;
  while (logEOfSigns({ slower: periods, periods }) < -Math.log(alpha)) periods += 1;
  return periods;
}

describe('the sign test', () => {
  it('needs nine slow minutes in a row at 1 %, and seven at 5 %', () => {
    assert.equal(periodsNeeded(0.01), 9);
    assert.equal(periodsNeeded(0.05), 7);
  });

  it('knows nothing at the beginning', () => {
    close(logEOfSigns({ slower: 0, periods: 0 }), 0);
  });

  it('is the integral that it is meant to be', () => {
    for (const [slower, periods] of [
      [3, 4],
      [10, 20],
      [0, 7],
    ] as const) {
      const slices = 20_000;
      let sum = 0;
      for (let slice = 0; slice < slices; slice += 1) {
        const chance = 0.5 + (slice + 0.5) / (2 * slices);
        sum += (chance ** slower * (1 - chance) ** (periods - slower)) / (2 * slices);
      }
      close(logEOfSigns({ slower, periods }), Math.log(2 ** (periods + 1) * sum), 1e-6);
    }
  });

  it('has an expectation of 1 under a fair sign, and less if the candidate is mostly faster', () => {
    const expectation = (chance: number) => {
      const periods = 12;
      let sum = 0;
      for (let paths = 0; paths < 2 ** periods; paths += 1) {
        const slower = paths.toString(2).replaceAll('0', '').length;
        sum +=
          chance ** slower * (1 - chance) ** (periods - slower) * Math.exp(logEOfSigns({ slower, periods }));
      }
      return sum;
    };
    close(expectation(0.5), 1, 1e-9);
    assert.ok(expectation(0.4) < 1);
  });
});
