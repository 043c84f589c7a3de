import { performance } from 'node:perf_hooks';
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
    // Not the promise of node:timers, which makes an error with a stack for every wait that is cut short.
    wait: (duration, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true) return resolve();
        const done = () => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', done);
          resolve();
        };
        const timer = setTimeout(done, duration);
        signal?.addEventListener('abort', done);
      }),
  };
}
