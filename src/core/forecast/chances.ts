/** Chances of the whole numbers from `first` on, one after the other; all others are too rare to matter. */
export interface Chances {
  readonly first: number;
  readonly of: readonly number[];
}

/** Standard deviations around the mean outside of which nothing is counted: less than one in 10^14 lies there. */
const REACH = 8;

/** The Poisson distribution. */
export function poissonChances(mean: number): Chances {
  const [low, high] = around(mean, mean, Infinity);
  return fromMode(low, high, Math.floor(mean), (count) => mean / count);
}

/** The binomial distribution: how many of `trials` succeed with the probability. */
export function binomialChances(trials: number, probability: number): Chances {
  if (probability <= 0) return { first: 0, of: [1] };
  if (probability >= 1) return { first: trials, of: [1] };
  const mean = trials * probability;
  const [low, high] = around(mean, mean * (1 - probability), trials);
  const odds = probability / (1 - probability);
  const mode = Math.min(trials, Math.floor((trials + 1) * probability));
  return fromMode(low, high, mode, (count) => ((trials - count + 1) / count) * odds);
}

/** The chance of at least so many, for every number of the distribution and the one beyond: `tails[count - first]`. */
export function tailsOf({ of }: Chances): readonly number[] {
  const tails = Array.from({ length: of.length + 1 }, () => 0);
  for (let index = of.length - 1; index >= 0; index -= 1)
    tails[index] = (tails[index + 1] ?? 0) + (of[index] ?? 0);
  return tails;
}

function around(mean: number, variance: number, most: number): readonly [number, number] {
  const reach = REACH * Math.sqrt(variance) + REACH;
  return [Math.max(0, Math.floor(mean - reach)), Math.min(most, Math.ceil(mean + reach))];
}

/** From the likeliest number outwards by the ratio of neighbours, so that nothing is too small or too large to compute. */
function fromMode(low: number, high: number, mode: number, ratio: (count: number) => number): Chances {
  const of = Array.from({ length: high - low + 1 }, () => 0);
  const peak = Math.min(high, Math.max(low, mode));
  of[peak - low] = 1;
  for (let count = peak + 1; count <= high; count += 1)
    of[count - low] = (of[count - low - 1] ?? 0) * ratio(count);
  for (let count = peak - 1; count >= low; count -= 1)
    of[count - low] = (of[count - low + 1] ?? 0) / ratio(count + 1);
  const sum = of.reduce((all, chance) => all + chance, 0);
  return { first: low, of: of.map((chance) => chance / sum) };
}
