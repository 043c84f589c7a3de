/** Chances of whole numbers: of `first`, `first + stride` and so on, each for its neighbourhood. All others are too rare to matter. */
export interface Chances {
  readonly first: number;
  readonly stride: number;
  readonly of: readonly number[];
}

/** Standard deviations around the mean outside of which nothing is counted: less than one in 10^14 lies there. */
const REACH = 8;

/** As many numbers are told apart; of more, neighbours are taken together, which are then all but equally likely. */
const MOST = 4_000;

/** The Poisson distribution. */
export function poissonChances(mean: number): Chances {
  const range = around(mean, mean, Infinity);
  if (range.high - range.low > MOST) return normalChances(mean, mean, range);
  return fromMode(range, Math.floor(mean), (count) => mean / count);
}

/** The binomial distribution: how many of `trials` succeed with the probability. */
export function binomialChances(trials: number, probability: number): Chances {
  if (probability <= 0) return { first: 0, stride: 1, of: [1] };
  if (probability >= 1) return { first: trials, stride: 1, of: [1] };
  const mean = trials * probability;
  const variance = mean * (1 - probability);
  const range = around(mean, variance, trials);
  if (range.high - range.low > MOST) return normalChances(mean, variance, range);
  const odds = probability / (1 - probability);
  const mode = Math.floor((trials + 1) * probability);
  return fromMode(range, mode, (count) => ((trials - count + 1) / count) * odds);
}

/** The chance of at least so many, for each number of the distribution and one beyond. */
export function tailsOf({ of }: Chances): readonly number[] {
  const tails = Array.from({ length: of.length + 1 }, () => 0);
  for (let index = of.length - 1; index >= 0; index -= 1)
    tails[index] = (tails[index + 1] ?? 0) + (of[index] ?? 0);
  return tails;
}

interface Range {
  readonly low: number;
  readonly high: number;
}

function around(mean: number, variance: number, most: number): Range {
  const reach = REACH * Math.sqrt(variance) + REACH;
  return { low: Math.max(0, Math.floor(mean - reach)), high: Math.min(most, Math.ceil(mean + reach)) };
}

/** From the likeliest number outwards by the ratio of neighbours, so that nothing is too small or too large to compute. */
function fromMode({ low, high }: Range, mode: number, ratio: (count: number) => number): Chances {
  const of = Array.from({ length: high - low + 1 }, () => 0);
  const peak = Math.min(high, Math.max(low, mode));
  of[peak - low] = 1;
  for (let count = peak + 1; count <= high; count += 1)
    of[count - low] = (of[count - low - 1] ?? 0) * ratio(count);
  for (let count = peak - 1; count >= low; count -= 1)
    of[count - low] = (of[count - low + 1] ?? 0) / ratio(count + 1);
  return { first: low, stride: 1, of: normalised(of) };
}

/** With a standard deviation of hundreds, both are normal. */
function normalChances(mean: number, variance: number, { low, high }: Range): Chances {
  const stride = Math.ceil((high - low) / MOST);
  const of = Array.from({ length: Math.floor((high - low) / stride) + 1 }, (_, index) => {
    const distance = low + index * stride - mean;
    return Math.exp(-(distance * distance) / (2 * variance));
  });
  return { first: low, stride, of: normalised(of) };
}

function normalised(weights: readonly number[]): readonly number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  return weights.map((weight) => weight / sum);
}
