import { confidenceSequence } from '../analysis/confidence-sequence.ts';
import { addCounts, type Block, errorsOf, NOTHING } from '../analysis/count.ts';
import type { Interval } from '../analysis/evidence.ts';
import type { Rollout } from '../rollout.ts';
import type { Milliseconds } from '../time.ts';

/** How much more often the candidate fails than stable on a target, as shares of the requests: between `low` and `high`. */
export interface Difference {
  readonly target: string;
  readonly low: number;
  readonly high: number;
}

/** Intervals are put together by the clock, as an interval for every request more takes as long as all others. */
const SLOT: Milliseconds = 10_000;

/** The difference on every target with traffic, right at all times with a chance of 95 %. */
export function differences(rollout: Rollout, intervals: readonly Interval[]): readonly Difference[] {
  return [...Map.groupBy(intervals, ({ target }) => target)].map(([target, ofTarget]) => {
    const past = rollout.history[target];
    const { low, high } = confidenceSequence(
      inSlots(ofTarget),
      past === undefined ? NOTHING : errorsOf(past),
    );
    return { target, low, high };
  });
}

function inSlots(intervals: readonly Interval[]): readonly Block[] {
  const slots = Map.groupBy(intervals, ({ step, from }) => `${step} ${Math.floor(from / SLOT)}`);
  return [...slots.values()].map((slot) => ({
    stable: slot.map(({ arms }) => errorsOf(arms.stable)).reduce(addCounts, NOTHING),
    candidate: slot.map(({ arms }) => errorsOf(arms.candidate)).reduce(addCounts, NOTHING),
  }));
}
