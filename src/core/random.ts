/** A source of chance that is fully determined by its seed. */
export interface Random {
  /** The next number in [0, 1). */
  next(): number;
  /** An integer in [0, below). */
  below(limit: number): number;
  /** True with the given probability. */
  chance(probability: number): boolean;
}

/** sfc32 by Chris Doty-Humphrey (PractRand): small, fast, and good enough for anything but secrets. */
export function seededRandom(seed: number): Random {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let c = seed | 0;
  let counter = 1;

  function next(): number {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  }

  for (let round = 0; round < 15; round += 1) next();
  return {
    next,
    below: (limit) => Math.floor(next() * limit),
    chance: (probability) => next() < probability,
  };
}

/** How many of `trials` succeed with the probability. Exact; takes time in proportion to the rarer outcome. */
export function binomial(random: Random, trials: number, probability: number): number {
  if (probability <= 0 || trials <= 0) return 0;
  if (probability >= 1) return trials;
  if (probability > 0.5) return trials - binomial(random, trials, 1 - probability);
  // Devroye (1986), second waiting time method: skips between successes are geometric.
  const logFailure = Math.log1p(-probability);
  let successes = 0;
  let position = 0;
  for (;;) {
    position += Math.floor(Math.log(1 - random.next()) / logFailure) + 1;
    if (position > trials) return successes;
    successes += 1;
  }
}

/** A Poisson number with the mean. Counts exponential gaps, so it takes time in proportion to the mean. */
export function poisson(random: Random, mean: number): number {
  let count = 0;
  let elapsed = -Math.log(1 - random.next());
  while (elapsed < mean) {
    count += 1;
    elapsed -= Math.log(1 - random.next());
  }
  return count;
}
