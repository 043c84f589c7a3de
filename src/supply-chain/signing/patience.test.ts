import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PATIENCE, waitAfter } from './patience.ts';

describe('patience with a service that fails', () => {
  it('waits twice as long each time, never longer than the longest, and gives up after about two minutes', () => {
    const waits = Array.from({ length: PATIENCE.retries }, (_, index) => waitAfter(index + 1, PATIENCE));
    assert.deepEqual(waits.slice(0, 6), [1_000, 2_000, 4_000, 8_000, 16_000, 30_000]);
    const total = waits.reduce((sum, each) => sum + each, 0);
    assert.ok(total >= 100_000 && total <= 150_000, `${total} ms`);
  });
});
