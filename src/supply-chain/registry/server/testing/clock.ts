import type { Clock } from '../../../../clock/clock.ts';

/** A clock that stands still, and moves on at once when somebody waits. */
export interface StandingClock extends Clock {
  /** How long was waited for, each time. */
  readonly waits: readonly number[];
  /** Lets time pass. */
  pass(duration: number): void;
}

export function standingClock(start = Date.parse('2026-01-01T00:00:00Z')): StandingClock {
  let now = start;
  const waits: number[] = [];
  return {
    waits,
    now: () => now,
    stopwatch() {
      const since = now;
      return () => now - since;
    },
    async wait(duration) {
      waits.push(duration);
      now += duration;
    },
    pass(duration) {
      now += duration;
    },
  };
}
