import { type Alternative, guess, LOWEST_RATE } from './alternative.ts';
import { addCounts, type Block, type Count } from './count.ts';
import { boundary, type LinearNull, logBlockEValue } from './linear-null.ts';
import { afterBlock, logEvidence, type Mixture, type Moment, NO_BETS } from './mixture.ts';
import { clip } from './numerics.ts';
import type { Onsets } from './onset.ts';

/** An e-process against a hypothesis about both arms' rates. */
export interface ProcessSettings {
  readonly hypothesis: LinearNull;
  readonly alternatives: readonly Alternative[];
  readonly onsets: Onsets;
  /** Power to which each e-value is raised, in (0, 1]: below 1 where bad requests come in clusters. */
  readonly temper: number;
  /** What a single block may add at most, in nats; null without such a limit. */
  readonly cap: number | null;
}

/** What a process remembers. It survives JSON. */
export interface Process {
  /** Stable's requests before the rollout and in all blocks so far. */
  readonly seen: Count;
  readonly mixture: Mixture;
}

/** Requests of stable's past that count at most, so that the present is not drowned by it. */
const LONGEST_MEMORY = 30_000;

/** A process that has seen nothing but stable's past. A wrong or missing past costs power, never validity. */
export function beginProcess(history: Count): Process {
  const share = Math.min(1, LONGEST_MEMORY / Math.max(1, history.requests));
  return { seen: { requests: history.requests * share, bad: history.bad * share }, mixture: NO_BETS };
}

/** The process after one more block: all bets are made from what was seen before it, and only then is it learnt from. */
export function bet(process: Process, settings: ProcessSettings, block: Block, moment: Moment): Process {
  const logEValues = score(process.seen, settings, block);
  return {
    mixture: afterBlock(process.mixture, settings.onsets, logEValues, moment),
    seen: addCounts(process.seen, block.stable),
  };
}

/** log of the process's e-value at present. */
export function logEOf(process: Process, settings: ProcessSettings): number {
  return logEvidence(process.mixture, settings.onsets);
}

function score(seen: Count, settings: ProcessSettings, block: Block): readonly number[] {
  const { hypothesis, temper, cap } = settings;
  const stable = expectedRate(seen);
  return settings.alternatives.map((alternative) => {
    const candidate = guess(alternative, stable, boundary(hypothesis, stable));
    if (candidate === null) return 0;
    const logEValue = temper * logBlockEValue(block, { stable, candidate }, hypothesis);
    return cap === null ? logEValue : Math.min(cap, logEValue);
  });
}

/** Stable's rate as expected from what was seen of it: half a bad request in 250 is what is known without. */
export function expectedRate(seen: Count): number {
  return clip((seen.bad + 0.5) / (seen.requests + 250), LOWEST_RATE, 0.9);
}
