import type { Milliseconds } from '../time.ts';
import { logAddExp, logSumExp } from './numerics.ts';
import { firstStake, laterStake, type Onsets, onsetsDue, reserve } from './onset.ts';

/** Several bets kept side by side, each from several onsets. It survives JSON. */
export interface Mixture {
  /** log wealth of each bet, in the order of the bets; empty before the first block. */
  readonly logWealth: readonly number[];
  /** How many of the later onsets have got their stake. */
  readonly onsets: number;
  /** Time judged so far. */
  readonly judged: Milliseconds;
}

/** Where in the rollout a block lies. Known before its counts. */
export interface Moment {
  readonly duration: Milliseconds;
  /** Index of the step, from 0. */
  readonly step: number;
  /** Whether it is the first block of its step. */
  readonly isNewStep: boolean;
}

export const NO_BETS: Mixture = { logWealth: [], onsets: 0, judged: 0 };

/**
 * The mixture after one more block, of which `logEValues` says what each bet made of it. Stakes that became due are laid
 * before the block pays, so everything but the e-values must be settled without looking at it.
 */
export function afterBlock(
  mixture: Mixture,
  onsets: Onsets,
  logEValues: readonly number[],
  moment: Moment,
): Mixture {
  const isFirst = mixture.logWealth.length === 0;
  const due = Math.max(mixture.onsets, onsetsDue(onsets, mixture.judged, moment.step));
  const later = due - mixture.onsets;
  const stake = (isFirst ? firstStake(onsets) : 0) + (later > 0 ? later * laterStake(onsets) : 0);
  const logStake = stake > 0 ? Math.log(stake) : -Infinity;
  return {
    logWealth: logEValues.map(
      (logEValue, index) => logAddExp(mixture.logWealth[index] ?? -Infinity, logStake) + logEValue,
    ),
    onsets: due,
    judged: mixture.judged + moment.duration,
  };
}

/**
 * log of the e-process: the mean wealth of the bets and what is still in reserve. It begins at 0, and by Ville's inequality
 * it ever reaches log(1/alpha) with a probability of at most alpha if every e-value is valid given the past.
 */
export function logEvidence(mixture: Mixture, onsets: Onsets): number {
  if (mixture.logWealth.length === 0) return 0;
  const kept = reserve(onsets, mixture.onsets);
  const invested = logSumExp(mixture.logWealth) - Math.log(mixture.logWealth.length);
  return kept > 0 ? logAddExp(invested, Math.log(kept)) : invested;
}
