import type { Block, Count } from '../../src/core/analysis/count.ts';
import { binomial, poisson, type Random, seededRandom } from '../../src/core/random.ts';

/** Simulated traffic of one target at one weight. Rates are functions of the time in seconds. */
export interface Scene {
  readonly requestsPerSecond: (second: number) => number;
  /** The candidate's share of the traffic, 0 to 1. */
  readonly share: number;
  /** Error rates of both arms, drawn anew for each run where they are random themselves. */
  readonly rates: (random: Random) => {
    stable: (second: number) => number;
    candidate: (second: number) => number;
  };
  /** Stable's error rate before the rollout. */
  readonly before: number;
  readonly seconds: number;
  /** Length of a poll in seconds. */
  readonly tick: number;
  /** Chance that a failed request is retried on the same arm, and fails again. */
  readonly retries: number;
}

/** Requests of stable before the rollout, from which rules may learn. */
const HISTORY = 27_000;

/** 100 requests a second, a tenth to the candidate, for five minutes; stable fails one in a thousand. */
export function scene(
  changes: Partial<Scene> & { readonly candidate?: number; readonly stable?: number },
): Scene {
  const { candidate, stable = 0.001, ...rest } = changes;
  return {
    requestsPerSecond: () => 100,
    share: 0.1,
    rates: () => ({ stable: () => stable, candidate: () => candidate ?? stable }),
    before: stable,
    seconds: 300,
    tick: 1,
    retries: 0,
    ...rest,
  };
}

/** Both arms fail alike, as the function of the second says. */
export function alike(rate: (second: number) => number, changes: Partial<Scene> = {}): Scene {
  return scene({ rates: () => ({ stable: rate, candidate: rate }), ...changes });
}

/** For a minute both arms fail with 3 %, before and after it with one in a thousand. */
export function incident(second: number): number {
  return second >= 60 && second < 120 ? 0.03 : 0.001;
}

/** A way to watch a rollout: begun anew for each run, it is told each poll's counts and says whether to roll back. */
export interface Rule {
  readonly name: string;
  begin(history: Count): (counts: Block, second: number) => boolean;
}

/** What became of a rule over all runs. */
export interface Outcome {
  readonly rule: string;
  readonly runs: number;
  /** Share of the runs that were rolled back. */
  readonly rolledBack: number;
  /** Median time to the rollback over all runs; null where less than half were rolled back. */
  readonly medianSeconds: number | null;
  /** Failed requests of the candidate until the rollback or the end: median and mean over all runs. */
  readonly medianFailed: number;
  readonly meanFailed: number;
}

/** Plays the scene so often, always with the same traffic for all rules. */
export function play(watched: Scene, rules: readonly Rule[], runs: number, seed: number): readonly Outcome[] {
  const results = rules.map(() => ({ seconds: [] as number[], failed: [] as number[] }));
  for (let run = 0; run < runs; run += 1) {
    const random = seededRandom(seed * 1_000_003 + run);
    for (const [index, result] of playOnce(watched, rules, random).entries()) {
      results[index]?.seconds.push(result.second ?? Infinity);
      results[index]?.failed.push(result.failed);
    }
  }
  return rules.map((rule, index) => {
    const { seconds = [], failed = [] } = results[index] ?? {};
    const median = middle(seconds);
    return {
      rule: rule.name,
      runs,
      rolledBack: seconds.filter(Number.isFinite).length / runs,
      medianSeconds: Number.isFinite(median) ? median : null,
      medianFailed: middle(failed),
      meanFailed: failed.reduce((sum, count) => sum + count, 0) / runs,
    };
  });
}

function playOnce(
  { requestsPerSecond, share, rates, before, seconds, tick, retries }: Scene,
  rules: readonly Rule[],
  random: Random,
): readonly { second: number | null; failed: number }[] {
  const { stable, candidate } = rates(random);
  const history = { requests: HISTORY, bad: binomial(random, HISTORY, before) };
  const watches = rules.map((rule) => rule.begin(history));
  const results = rules.map(() => ({ second: null as number | null, failed: 0 }));
  let failed = 0;
  let open = rules.length;
  const ticks = Math.round(seconds / tick);
  for (let index = 1; index <= ticks && open > 0; index += 1) {
    const second = index * tick;
    const middleOfTick = second - tick / 2;
    const mean = requestsPerSecond(middleOfTick) * tick;
    const counts: Block = {
      candidate: arm(random, mean * share, candidate(middleOfTick), retries),
      stable: arm(random, mean * (1 - share), stable(middleOfTick), retries),
    };
    failed += counts.candidate.bad;
    for (const [at, watch] of watches.entries()) {
      const result = results[at];
      if (result === undefined || result.second !== null || !watch(counts, second)) continue;
      result.second = second;
      result.failed = failed;
      open -= 1;
    }
  }
  return results.map((result) => (result.second === null ? { second: null, failed } : result));
}

/** Requests of one arm in one poll; with retries, the mean stays the same and the bad ones come in clusters. */
export function arm(random: Random, mean: number, rate: number, retries: number): Count {
  const first = poisson(random, mean);
  let bad = binomial(random, first, rate * (1 - retries));
  let again = 0;
  if (retries > 0) {
    for (let cluster = 0; cluster < bad; cluster += 1) while (random.chance(retries)) again += 1;
  }
  bad += again;
  return { requests: first + again, bad };
}

function middle(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN;
}
