import { rollbackLimit } from '../../src/core/analysis/settings.ts';
import { errorSettings } from './rules.ts';

/**
 * The least that any test needs which rolls back a candidate that is not worse with a chance of at most alpha, and any other in
 * the end: log(1/alpha) over the information of one candidate request (Wald, 1945), when stable's rate is not known. A tenth of
 * 100 requests a second goes to the candidate; stable fails one in a thousand.
 */
export function lowerBound(candidate: number): { readonly failed: number; readonly seconds: number } {
  const stable = 0.001;
  if (candidate === stable) return { failed: Infinity, seconds: Infinity };
  const ratio = 9;
  const pooled = (candidate + ratio * stable) / (1 + ratio);
  const information = divergence(candidate, pooled) + ratio * divergence(stable, pooled);
  const requests = rollbackLimit(errorSettings()) / information;
  return { failed: requests * candidate, seconds: requests / 10 };
}

/** Kullback-Leibler divergence of two chances, in nats. */
export function divergence(p: number, q: number): number {
  const good = p === 1 ? 0 : (1 - p) * Math.log((1 - p) / (1 - q));
  return p * Math.log(p / q) + good;
}
