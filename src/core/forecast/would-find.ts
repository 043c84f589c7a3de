import type { Block, Count } from '../analysis/count.ts';
import { expectedRate } from '../analysis/e-process.ts';
import type { AnalysisSettings } from '../analysis/settings.ts';
import { power } from './power.ts';
import { waysToRollback } from './trigger.ts';

/** Chance of being found that counts as finding. */
const OFTEN = 0.8;

/**
 * Whether a candidate that fails at `rate` would have been rolled back in four cases of five, with the requests that were
 * counted on one of the targets and stable failing as often as `seen` says.
 */
export function wouldFind(
  rate: number,
  counted: Block,
  seen: Count,
  { settings, targets }: { readonly settings: AnalysisSettings; readonly targets: number },
): boolean {
  const trial = {
    requests: { stable: counted.stable.requests, candidate: counted.candidate.requests },
    rates: { stable: expectedRate(seen), candidate: rate },
  };
  return waysToRollback(settings, targets)
    .filter(({ part }) => part === 1 / targets)
    .some(({ trigger }) => power(trigger, trial) >= OFTEN);
}
