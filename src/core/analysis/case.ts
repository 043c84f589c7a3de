import type { Block, Count } from './count.ts';
import { beginProcess, bet, type Process, type ProcessSettings } from './e-process.ts';
import type { Moment } from './mixture.ts';

/** The two sides of a question about the candidate: over the whole rollout against it, and within a step in its favour. */
export interface Case {
  readonly against: Process;
  readonly inFavour: Process;
}

/** How the two sides bet. */
export interface CaseSettings {
  readonly against: ProcessSettings;
  readonly inFavour: ProcessSettings;
}

/** A case of which nothing is known but stable's past. */
export function openCase(history: Count): Case {
  return { against: beginProcess(history), inFavour: beginProcess(history) };
}

/**
 * The case after one more block. What speaks in favour is gathered anew at each step, as load shows its effect only at the
 * new weight; what speaks against is kept.
 */
export function hear(
  { against, inFavour }: Case,
  settings: CaseSettings,
  block: Block,
  moment: Moment,
): Case {
  const fresh = moment.isNewStep ? beginProcess(against.seen) : inFavour;
  return {
    against: bet(against, settings.against, block, moment),
    inFavour: bet(fresh, settings.inFavour, block, moment),
  };
}
