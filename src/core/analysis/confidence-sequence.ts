import { type Alternative, FAILS_MORE } from './alternative.ts';
import { type Block, type Count, NOTHING } from './count.ts';
import { beginProcess, bet, logEOf, type ProcessSettings } from './e-process.ts';
import type { LinearNull } from './linear-null.ts';
import { ONCE } from './onset.ts';

/** Bounds of the candidate's share of bad requests minus stable's; -1 or 1 where nothing limits it. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** The differences that are tested: from -2 to +5 percent points, denser around 0. */
const MARGINS: readonly number[] = [
  ...logSpaced(8, 1e-4, 0.02)
    .map((margin) => -margin)
    .toReversed(),
  0,
  ...logSpaced(16, 1e-4, 0.05),
];

const ABOVE: readonly Alternative[] = [
  ...FAILS_MORE,
  { kind: 'between', share: 0 },
  { kind: 'between', share: 0.5 },
];

const BELOW: readonly Alternative[] = [
  { kind: 'between', share: 0 },
  { kind: 'between', share: 0.3 },
  { kind: 'between', share: 0.6 },
  { kind: 'odds', ratio: 0.7 },
  { kind: 'odds', ratio: 0.4 },
  { kind: 'odds', ratio: 0.1 },
];

/**
 * An interval for the difference of the arms' shares of bad requests that holds at all times with a chance of at least `level`:
 * the margins that neither "at most" nor "at least" rejects (Turner and Grünwald, "Exact anytime-valid confidence
 * intervals for contingency tables and beyond", 2023). For reports: it takes 50 processes. A difference that changes
 * is covered as long as it stays on one side of a margin.
 */
export function confidenceSequence(
  blocks: readonly Block[],
  history: Count = NOTHING,
  level: number = 0.95,
): Bounds {
  const limit = -Math.log((1 - level) / 2);
  const refutes = (offset: number, side: LinearNull['side']): boolean =>
    everReaches(limit, blocks, history, { offset, slope: 1, side });
  // Each end stops at the first margin that stands, so that only one test can be wrong about it.
  const lowest = MARGINS.findIndex((margin) => !refutes(margin, 'at-most'));
  const highest = MARGINS.findLastIndex((margin) => !refutes(margin, 'at-least'));
  const below = lowest === -1 ? MARGINS.length : lowest;
  return { low: MARGINS[below - 1] ?? -1, high: MARGINS[highest + 1] ?? 1 };
}

function everReaches(
  limit: number,
  blocks: readonly Block[],
  history: Count,
  hypothesis: LinearNull,
): boolean {
  const settings: ProcessSettings = {
    hypothesis,
    alternatives: hypothesis.side === 'at-most' ? ABOVE : BELOW,
    onsets: ONCE,
    temper: 1,
    cap: null,
  };
  let process = beginProcess(history);
  return blocks.some((block) => {
    process = bet(process, settings, block, { duration: 1, step: 0, isNewStep: false });
    return logEOf(process, settings) >= limit;
  });
}

function logSpaced(count: number, from: number, to: number): readonly number[] {
  const ratio = (to / from) ** (1 / (count - 1));
  return Array.from({ length: count }, (_, index) => from * ratio ** index);
}
