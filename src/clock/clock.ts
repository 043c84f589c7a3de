import type { Instant, Milliseconds } from '../core/time.ts';

/** The only way to time. Everything that waits or looks at the clock is given one of these. */
export interface Clock {
  /** The time of day, which never goes backwards while the process lives. */
  now(): Instant;
  /** Starts a stopwatch: a function that says how much time has passed, also through a suspended machine. */
  stopwatch(): () => Milliseconds;
  /** Resolves after the time, or as soon as the signal aborts; never rejects. */
  wait(duration: Milliseconds, signal?: AbortSignal): Promise<void>;
}
