import type { Milliseconds } from '../time.ts';

/**
 * When evidence may begin. A failure can set in late, so only part of the stake is laid at the first block; the rest follows
 * in equal parts, at regular times of the planned duration and whenever the weight goes up. Finite-horizon form of the
 * Shiryaev-Roberts e-detector (Shin, Ramdas and Rinaldo, "E-detectors").
 */
export interface Onsets {
  readonly every: Milliseconds;
  /** Planned time of judging; after it there are no more onsets. */
  readonly horizon: Milliseconds;
  /** Number of steps planned. */
  readonly steps: number;
  /** Part of the stake that is kept for later onsets, 0 to 1. */
  readonly mass: number;
}

/** The whole stake at the first block. */
export const ONCE: Onsets = { every: 1, horizon: 0, steps: 1, mass: 0 };

/** How many onsets there are after the first. */
function laterOnsets(onsets: Onsets): number {
  return timedOnsets(onsets) + Math.max(0, onsets.steps - 1);
}

function timedOnsets(onsets: Onsets): number {
  return Math.max(0, Math.ceil(onsets.horizon / onsets.every) - 1);
}

/** How many of the later onsets are due after `judged` time in `step` (index from 0). Never more than planned. */
export function onsetsDue(onsets: Onsets, judged: Milliseconds, step: number): number {
  const timed = Math.min(timedOnsets(onsets), Math.floor(judged / onsets.every));
  return timed + Math.min(Math.max(0, onsets.steps - 1), step);
}

/** The part of the stake that the first block gets. */
export function firstStake(onsets: Onsets): number {
  return laterOnsets(onsets) === 0 ? 1 : 1 - onsets.mass;
}

/** The part of the stake that one later onset gets. */
export function laterStake(onsets: Onsets): number {
  return onsets.mass / laterOnsets(onsets);
}

/** The part of the stake that is not laid yet after so many of the later onsets. */
export function reserve(onsets: Onsets, laid: number): number {
  const later = laterOnsets(onsets);
  return later === 0 ? 0 : onsets.mass * (1 - laid / later);
}
