/** How far the first values lie above the second ones: the Hodges-Lehmann estimate, and the lower end of its 98 % interval. */
export interface Shift {
  readonly low: number;
  readonly estimate: number;
}

/** The 99 % quantile of the normal distribution. */
const Z = 2.3263478740408408;

/**
 * Inverts the rank-sum test of Mann and Whitney in its normal approximation with corrections for continuity and ties, like R's
 * `wilcox.test(conf.int = TRUE, exact = FALSE)`.
 */
export function hodgesLehmann(first: readonly number[], second: readonly number[]): Shift {
  const smallest = Math.min(...first) - Math.max(...second);
  const largest = Math.max(...first) - Math.min(...second);
  return {
    low: crossing((shift) => statistic(first, second, shift) - Z, smallest, largest),
    estimate: crossing((shift) => statistic(first, second, shift), smallest, largest),
  };
}

/** Whether the interval of the shift lies above 0: the same question at a fraction of the cost. */
export function isShiftedUp(first: readonly number[], second: readonly number[]): boolean {
  return statistic(first, second, 0) > Z;
}

/** Where a falling function crosses 0, or the end of [low, high] that is nearest to that. */
function crossing(falling: (shift: number) => number, low: number, high: number): number {
  if (low === high || falling(low) <= 0) return low;
  if (falling(high) >= 0) return high;
  let [left, right] = [low, high];
  while (right - left > 1e-9 * Math.max(1, Math.abs(left))) {
    const middle = (left + right) / 2;
    if (falling(middle) > 0) left = middle;
    else right = middle;
  }
  return (left + right) / 2;
}

/** Standardised sum of the ranks of the first values, all of them lowered by the shift. */
function statistic(first: readonly number[], second: readonly number[], shift: number): number {
  const all = [
    ...first.map((value) => ({ value: value - shift, isFirst: true })),
    ...second.map((value) => ({ value, isFirst: false })),
  ].toSorted((a, b) => a.value - b.value);
  let ranks = 0;
  let ties = 0;
  for (let from = 0; from < all.length;) {
    let to = from;
    while (to < all.length && all[to]?.value === all[from]?.value) to += 1;
    const tied = all.slice(from, to);
    ranks += (tied.filter(({ isFirst }) => isFirst).length * (from + 1 + to)) / 2;
    ties += tied.length ** 3 - tied.length;
    from = to;
  }
  const [n, m] = [first.length, second.length];
  const excess = ranks - (n * (n + 1)) / 2 - (n * m) / 2;
  const variance = ((n * m) / 12) * (n + m + 1 - ties / ((n + m) * (n + m - 1)));
  return variance === 0 ? 0 : (excess - 0.5 * Math.sign(excess)) / Math.sqrt(variance);
}
