import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { backOff } from './back-off.ts';

/** How long after each start the next one may be, if the process is seen to be well `wellFor` after it was started. */
function pauses(count: number, wellFor: number | null): readonly number[] {
  const pause = backOff();
  let now = 0;
  return Array.from({ length: count }, () => {
    const start = now;
    pause.started(start);
    if (wellFor !== null) pause.well(start + wellFor);
    while (!pause.mayStart(now)) now += 100;
    return now - start;
  });
}

describe('a process that ends', () => {
  it('is started again later and later, if it is never well', () => {
    assert.deepEqual(pauses(8, null), [200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
  });

  it('is started again later and later, if it is well for moments only', () => {
    assert.deepEqual(pauses(4, 1_900), [200, 400, 800, 1_600]);
  });

  it('is started again at once, if it was well for long', () => {
    assert.deepEqual(pauses(3, 2_000), [200, 200, 200]);
  });

  it('is started again at once, if what was wrong with it is gone', () => {
    const pause = backOff();
    for (let now = 0; now < 5; now += 1) pause.started(now);
    assert.equal(pause.mayStart(1_000), false);
    pause.forget();
    assert.deepEqual([pause.mayStart(1_000), pause.starts()], [true, 0]);
  });
});
