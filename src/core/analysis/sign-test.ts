import { logChoose, logSumExp } from './numerics.ts';

/** In how many of so many periods the candidate was the slower one, by more than the margin. */
export interface Signs {
  readonly slower: number;
  readonly periods: number;
}

/**
 * log evidence that the candidate tends to be slower, where only a percentile (or an average) of each period is known: a bet on
 * the sign of `log candidate - log stable - log(1 + margin)`, uniform over the chances above one half. Weak: a period is worth
 * log 2 at most, so an alpha of 1 % takes nine of them, and it rests on a sign that is no likelier than not to be positive.
 *
 * E = 2^(n+1) * integral from 1/2 to 1 of t^k (1-t)^(n-k) dt, where the integral is
 * P(Binomial(n+1, 1/2) <= k) / ((n+1) * (n choose k)).
 */
export function logEOfSigns({ slower, periods }: Signs): number {
  const tail = Array.from({ length: slower + 1 }, (_, positive) => logChoose(periods + 1, positive));
  return logSumExp(tail) - Math.log(periods + 1) - logChoose(periods, slower);
}
