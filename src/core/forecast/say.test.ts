import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sayCount, sayPercent } from './say.ts';

describe('a number in words', () => {
  it('has two digits that count if it is a share', () => {
    const shares = [0, 0.00034, 0.0123, 0.144, 0.999, 1];
    assert.deepEqual(shares.map(sayPercent), ['0 %', '0.034 %', '1.2 %', '14 %', '100 %', '100 %']);
  });

  it('is as exact as it deserves if it is a count', () => {
    const counts = [0.04, 0.36, 7.24, 46.2, 1_312, 5_923_170];
    assert.deepEqual(counts.map(sayCount), ['0', '0.4', '7.2', '46', '1,300', '5,900,000']);
  });
});
