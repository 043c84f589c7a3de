import type { Instant, Milliseconds } from '../../../core/time.ts';

/** When a process that ends is started again: later and later as long as it keeps ending, counted from its last start. */
export interface BackOff {
  /** How often it was started since it was well for a while. */
  starts(): number;
  mayStart(now: Instant): boolean;
  /** It is started at that time. */
  started(now: Instant): void;
  /** It is seen to be well at that time. */
  well(now: Instant): void;
  /** What kept it from starting is gone: it may start at once. */
  forget(): void;
}

const FIRST: Milliseconds = 200;
const LONGEST: Milliseconds = 10_000;
/** One that was well for a shorter time than this may have been so only until it got its first request. */
const STEADY_AFTER: Milliseconds = 2_000;

export function backOff(): BackOff {
  let starts = 0;
  let startedAt: Instant = 0;
  let startAt: Instant = 0;

  return {
    starts: () => starts,
    mayStart: (now) => now >= startAt,
    started(now) {
      startedAt = now;
      startAt = now + Math.min(LONGEST, FIRST * 2 ** starts);
      starts += 1;
    },
    well(now) {
      if (now - startedAt >= STEADY_AFTER) starts = 0;
    },
    forget() {
      starts = 0;
      startAt = 0;
    },
  };
}
