import { logBeta } from './numerics.ts';

/** Bad requests of both arms, where nobody counts the good ones. */
export interface BadOnly {
  readonly candidate: number;
  readonly stable: number;
}

/** What a test of bad requests alone remembers. It survives JSON. */
export interface ConditionalBinomial {
  readonly bad: BadOnly;
  /** Bad requests that the candidate was expected to have of all those. */
  readonly expected: number;
  /** log likelihood of which arm they fell on, were the candidate not worse. */
  readonly logNull: number;
}

export const NO_BAD: ConditionalBinomial = { bad: { candidate: 0, stable: 0 }, expected: 0, logNull: 0 };

/** How firmly the prior sits at the candidate's share: as if from so many bad requests. */
const FIRMNESS = 10;

/** Adds the bad requests of a block; `share` is the candidate's of the traffic, 0 to 1, known or counted. */
export function addBad(
  test: ConditionalBinomial,
  { candidate, stable }: BadOnly,
  share: number,
): ConditionalBinomial {
  return {
    bad: { candidate: test.bad.candidate + candidate, stable: test.bad.stable + stable },
    expected: test.expected + share * (candidate + stable),
    logNull: test.logNull + candidate * Math.log(share) + stable * Math.log1p(-share),
  };
}

/**
 * log evidence that the candidate gets more of the bad requests than its `share` of the traffic, with a beta prior around that
 * share (Lindon and Malek, "Anytime-valid inference for multinomial count data", 2022). Valid as given the totals the
 * candidate's part is hypergeometric, hence below the binomial in convex order (Hoeffding, 1963). None while the candidate
 * has less than its share. It does not see successes, so it needs about twice the failures of a test that does: only for
 * sources that count nothing else, and at one weight.
 */
export function logEOfBad(test: ConditionalBinomial, share: number): number {
  if (test.bad.candidate <= test.expected) return 0;
  const a = FIRMNESS * share;
  const b = FIRMNESS * (1 - share);
  return logBeta(a + test.bad.candidate, b + test.bad.stable) - logBeta(a, b) - test.logNull;
}
