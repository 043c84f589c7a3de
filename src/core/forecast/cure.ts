import type { Step } from '../plan.ts';
import type { Milliseconds } from '../time.ts';
import type { Percent } from '../traffic.ts';

/** What would help a step that finds too little; each for itself, null where it does not. */
export interface Cures {
  readonly weight: Percent | null;
  readonly hold: Milliseconds | null;
}

const [SECOND, MINUTE, HOUR] = [1_000, 60_000, 3_600_000];

/** What people write into a plan. */
const WEIGHTS: readonly Percent[] = [1, 2, 3, 5, 10, 15, 20, 25, 30, 40, 50];
const HOLDS: readonly Milliseconds[] = [
  ...[5, 10, 15, 20, 30, 45].map((count) => count * SECOND),
  ...[1, 1.5, 2, 3, 4, 5, 7, 10, 15, 20, 30, 45].map((count) => count * MINUTE),
  ...[1, 1.5, 2, 3, 4, 6, 8, 12, 24].map((count) => count * HOUR),
];

/** The smallest weight above the step's, and the shortest time above its own, with which it would be enough. */
export function curesFor(step: Step, isEnough: (step: Step) => boolean): Cures {
  return {
    weight: first(
      WEIGHTS.filter((weight) => weight > step.weight),
      (weight) => isEnough({ ...step, weight }),
    ),
    hold: first(
      HOLDS.filter((hold) => hold > step.hold),
      (hold) => isEnough({ ...step, hold }),
    ),
  };
}

/** The first of the ascending values that is enough, if what is enough stays enough. */
function first(values: readonly number[], isEnough: (value: number) => boolean): number | null {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (isEnough(values[middle] ?? Infinity)) high = middle;
    else low = middle + 1;
  }
  return values[low] ?? null;
}
