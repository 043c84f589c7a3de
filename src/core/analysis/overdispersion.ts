import type { Count } from './count.ts';

/** Counts of the two halves of the stable instances, split at random once, over the same stretch of time. */
export type Halves = readonly [Count, Count];

/** Blocks and bad requests without which the measure says nothing. */
const LEAST_BLOCKS = 300;
const LEAST_BAD = 30;

/**
 * How much more the bad requests of an instance cluster than by chance: 1 if they do not, 5 if each failure is retried until
 * it has failed three times on average. What hits both halves cancels, so that incidents do not inflate it. Measured on stable
 * before the candidate starts; null if there is too little to measure.
 */
export function overdispersion(blocks: readonly Halves[]): number | null {
  const busy = blocks.filter(([a, b]) => a.requests > 0 && b.requests > 0);
  let requests = 0;
  let bad = 0;
  for (const [a, b] of busy) {
    requests += a.requests + b.requests;
    bad += a.bad + b.bad;
  }
  const share = bad / requests;
  if (busy.length < LEAST_BLOCKS || bad < LEAST_BAD || share >= 1) return null;
  let sum = 0;
  for (const [a, b] of busy) {
    const difference = a.bad * b.requests - b.bad * a.requests;
    sum += difference ** 2 / (a.requests * b.requests * (a.requests + b.requests));
  }
  return sum / (busy.length * share * (1 - share));
}
