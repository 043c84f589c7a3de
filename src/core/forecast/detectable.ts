import type { Rates } from '../analysis/count.ts';
import { power, type Trigger } from './power.ts';

/** Chance of being found that counts as finding. */
export const OFTEN = 0.8;

/**
 * The smallest error rate of the candidate above `stable` that is found often enough; null if not even a total failure is.
 * `chance` says how likely a rate is found, and does not fall as the rate rises; it is asked once, and once per halving of the
 * range.
 */
export function smallestFound(
  chance: (rate: number) => number,
  stable: number,
  halvings: number,
): number | null {
  if (chance(1) < OFTEN) return null;
  // Rates matter by their ratio, and a service may have no errors at all.
  let [low, high] = [Math.log(Math.max(stable, LOWEST)), 0];
  for (let round = 0; round < halvings; round += 1) {
    const middle = (low + high) / 2;
    if (chance(Math.exp(middle)) >= OFTEN) high = middle;
    else low = middle;
  }
  return Math.exp(high);
}

/** No smaller rate is looked for. */
const LOWEST = 1e-6;

/** A total failure must be seen this surely. */
const SURELY = 0.95;

/** More requests than this are not worth asking for. */
const TOO_MANY = 1_000_000;

/**
 * Requests to the candidate that it takes until even a failure of all of them can be told from chance with 95 %. `share` of
 * the traffic goes to it, 0 to 1, and `stable` is the other side's error rate. Null where no number is enough, for want of stable.
 */
export function requestsToSeeOutage(trigger: Trigger, share: number, stable: number): number | null {
  const isSeen = (candidate: number): boolean => {
    const requests = { candidate, stable: (candidate * (1 - share)) / share };
    return power(trigger, { requests, rates: { stable, candidate: 1 } }) >= SURELY;
  };
  let high = 1;
  while (!isSeen(high)) {
    high *= 2;
    if (high > TOO_MANY) return null;
  }
  let low = high / 2;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isSeen(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/**
 * The least that any test costs which blames a candidate that is not worse with a chance of at most alpha: expected failed
 * requests of the candidate until it is found, by Wald (1945), when stable's rate is not known beforehand. `ratio`: stable's
 * requests for each of the candidate.
 */
export function leastFailed(rates: Rates, ratio: number, alpha: number): number {
  const pooled = (rates.candidate + ratio * rates.stable) / (1 + ratio);
  const information = divergence(rates.candidate, pooled) + ratio * divergence(rates.stable, pooled);
  return (rates.candidate * Math.log(1 / alpha)) / information;
}

/** Kullback-Leibler divergence of two chances in nats. */
function divergence(p: number, q: number): number {
  const bad = p === 0 ? 0 : p * Math.log(p / q);
  return bad + (p === 1 ? 0 : (1 - p) * (Math.log1p(-p) - Math.log1p(-q)));
}
