import type { Clock } from '../../src/clock/clock.ts';
import type { Instant } from '../../src/core/time.ts';

/** A clock that stands still. */
export function manualClock(now: Instant): Clock {
  return {
    now: () => now,
    stopwatch: () => () => 0,
    wait: async () => {},
  };
}
