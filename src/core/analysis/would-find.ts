import { FAILS_MORE, guess } from './alternative.ts';
import type { Block, Count } from './count.ts';
import { expectedRate } from './e-process.ts';
import { logBlockEValue } from './linear-null.ts';

/** Chance of being found that counts as finding. */
const OFTEN = 0.8;

/** Part of the stake that the first block gets. */
const FIRST_STAKE = 0.8;

/**
 * Whether a candidate that fails at `rate` would have been rolled back in four cases of five, with so many requests judged
 * as in `block`, stable failing as often as `seen` says, and evidence that must reach log(1/alpha). All requests
 * are taken as one block and stable's failures as expected, so it is a rough answer, and on the careful side: evidence
 * that is looked at all the time finds more.
 */
export function wouldFind(rate: number, block: Block, seen: Count, alpha: number): boolean {
  const stable = expectedRate(seen);
  const { requests } = block.candidate;
  const ofStable = { requests: block.stable.requests, bad: Math.round(stable * block.stable.requests) };
  const needed = Math.log(FAILS_MORE.length / FIRST_STAKE / alpha);
  const isEnough = (bad: number): boolean =>
    FAILS_MORE.some((alternative) => {
      const candidate = guess(alternative, stable, stable);
      if (candidate === null) return false;
      const counted = { stable: ofStable, candidate: { requests, bad } };
      return logBlockEValue(counted, { stable, candidate }, NOT_WORSE) >= needed;
    });
  let [low, high] = [0, requests + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (isEnough(middle)) high = middle;
    else low = middle + 1;
  }
  return low <= requests && chanceOfAtLeast(low, requests, rate) >= OFTEN;
}

const NOT_WORSE = { offset: 0, slope: 1, side: 'at-most' } as const;

/** Chance that at least `least` of `requests` are bad. */
function chanceOfAtLeast(least: number, requests: number, rate: number): number {
  if (rate >= 1) return 1;
  // Chances of 0, 1, 2, … bad requests, each from the one before.
  let logChance = requests * Math.log1p(-rate);
  let below = 0;
  for (let bad = 0; bad < least; bad += 1) {
    below += Math.exp(logChance);
    logChance += Math.log(((requests - bad) / (bad + 1)) * (rate / (1 - rate)));
  }
  return 1 - below;
}
