import { performance } from 'node:perf_hooks';
import { setTimeout as timeout } from 'node:timers/promises';
import type { Clock } from './clock.ts';

/**
 * The machine's clock. `now` is the time of day at the start plus the monotonic time since then, so that someone setting
 * the clock does not reach a running rollout.
 */
export function systemClock(): Clock {
  return {
    now: () => Math.floor(performance.timeOrigin + performance.now()),
    stopwatch() {
      const monotonic = performance.now();
      const wall = Date.now();
      return () => Math.max(performance.now() - monotonic, Date.now() - wall);
    },
    wait: (duration, signal) =>
      timeout(duration, undefined, signal === undefined ? {} : { signal }).catch(() => {}),
  };
}
