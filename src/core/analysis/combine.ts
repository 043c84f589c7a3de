import { logAddExp, logMeanExp, logSumExp } from './numerics.ts';

/** log of an e-value and its share of a sum. */
export interface Weighted {
  readonly weight: number;
  readonly logE: number;
}

/** What an e-value brings to a weighted average, in log space. */
export function contribution({ weight, logE }: Weighted): number {
  return weight > 0 ? Math.log(weight) + logE : -Infinity;
}

/**
 * Several metrics of one target: the weighted average, valid however they depend on each other, and the only admissible way
 * to merge them (Vovk and Wang, "E-values: calibration, combination and applications", 2021; Wang, "The only admissible
 * way of merging arbitrary e-values", 2024). It decides no later than a Bonferroni correction with the same weights.
 */
export function combineMetrics(metrics: readonly Weighted[]): number {
  return logSumExp(metrics.map(contribution));
}

/**
 * Several targets, independent of each other given the past: half on all of them being bad, so that what each shows multiplies
 * up, and half on any of them (Vovk and Wang, "Merging sequential e-values via martingales", 2024).
 */
export function combineTargets(logEs: readonly number[]): number {
  if (logEs.length === 0) return 0;
  const all = logEs.reduce((sum, logE) => sum + logE, 0);
  return logAddExp(all, logMeanExp(logEs)) - Math.LN2;
}
