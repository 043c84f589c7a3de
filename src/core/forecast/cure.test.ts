import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { curesFor } from './cure.ts';

describe('what would help a step', () => {
  it('is the least that is enough, in numbers that people write', () => {
    const cures = curesFor({ weight: 5, hold: 60_000 }, ({ weight, hold }) => weight * hold >= 700_000);
    assert.deepEqual(cures, { weight: 15, hold: 180_000 });
  });

  it('may be nothing', () => {
    assert.deepEqual(
      curesFor({ weight: 5, hold: 60_000 }, () => false),
      { weight: null, hold: null },
    );
    const most = curesFor({ weight: 50, hold: 24 * 3_600_000 }, () => true);
    assert.deepEqual(most, { weight: null, hold: null });
  });
});
