import type { Chance } from './chance.ts';

/** What this release gets wrong on purpose. Times are in milliseconds, counted from the start of the process. */
export interface Faults {
  /** Share of user requests that are answered 500, from 0 to 1. */
  readonly errorRate: number;
  /** Added to the share `latencyRate` of user requests. */
  readonly latency: number;
  readonly latencyRate: number;
  /** When errors and latency begin. */
  readonly after: number;
  /** When the process ends with code 1; null for never. */
  readonly crashAfter: number | null;
  readonly neverReady: boolean;
  /** Chooses the requests that are hit. */
  readonly seed: number;
}

/** What one request has to suffer. */
export interface Fate {
  readonly fails: boolean;
  readonly latency: number;
}

/** A request that nothing happens to. */
export const SPARED: Fate = { fails: false, latency: 0 };

/**
 * Draws the fate of the next request. Each takes exactly two numbers, so that the n-th request fails or not by the seed
 * alone, whatever the other settings and whenever the faults begin.
 */
export function nextFate(faults: Faults, chance: Chance, elapsed: number): Fate {
  const fails = chance() < faults.errorRate;
  const isSlow = chance() < faults.latencyRate;
  if (elapsed < faults.after) return SPARED;
  return { fails, latency: isSlow ? faults.latency : 0 };
}
