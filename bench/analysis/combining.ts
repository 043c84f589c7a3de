import { combineMetrics, combineTargets } from '../../src/core/analysis/combine.ts';
import type { Block } from '../../src/core/analysis/count.ts';
import { beginProcess, bet, logEOf } from '../../src/core/analysis/e-process.ts';
import { errorCase } from '../../src/core/analysis/errors.ts';
import { rollbackLimit, usualSettings } from '../../src/core/analysis/settings.ts';
import { binomial, poisson, seededRandom } from '../../src/core/random.ts';
import { quantile } from '../report.ts';

interface Case {
  readonly name: string;
  /** The candidate's rate of each part, a metric or a target. */
  readonly candidate: readonly number[];
  /** Requests a second of each part. */
  readonly requestsPerSecond: number;
  /** Metrics of the same requests; a failed request is one in any of them. */
  readonly kind: 'metrics' | 'targets';
}

const CASES: readonly Case[] = [
  {
    name: '5 metrics, 1 bad: 1 %',
    kind: 'metrics',
    requestsPerSecond: 100,
    candidate: [0.01, 0.001, 0.001, 0.001, 0.001],
  },
  {
    name: '5 metrics, 3 bad: 1 %',
    kind: 'metrics',
    requestsPerSecond: 100,
    candidate: [0.01, 0.01, 0.01, 0.001, 0.001],
  },
  { name: '4 targets, all 1 %', kind: 'targets', requestsPerSecond: 25, candidate: [0.01, 0.01, 0.01, 0.01] },
  {
    name: '4 targets, one 5 %',
    kind: 'targets',
    requestsPerSecond: 25,
    candidate: [0.05, 0.001, 0.001, 0.001],
  },
  {
    name: '4 targets, none',
    kind: 'targets',
    requestsPerSecond: 25,
    candidate: [0.001, 0.001, 0.001, 0.001],
  },
];

const SECONDS = 600;
const SETTINGS = { ...usualSettings([{ weight: 10, hold: SECONDS * 1_000 }]) };
const LIMIT = rollbackLimit(SETTINGS);
const PROCESS = errorCase(SETTINGS).against;

/** Ways to merge, each giving log evidence from that of the parts. */
const MERGERS: Readonly<Record<string, (logEs: readonly number[]) => number>> = {
  average: (logEs) => combineMetrics(logEs.map((logE) => ({ weight: 1 / logEs.length, logE }))),
  bonferroni: (logEs) => Math.max(...logEs) - Math.log(logEs.length),
  product: (logEs) => logEs.reduce((sum, logE) => sum + logE, 0),
  'half product, half average': combineTargets,
};

/** Failed requests until the rollback, for different ways to merge the evidence of several metrics or targets. */
export function combining(runs: number): object {
  return {
    what: 'mean failed requests of the bad parts in 10 minutes, and share of runs rolled back',
    rows: CASES.map((each, index) => {
      const seed = 900 + index;
      const mergers = Object.keys(MERGERS).filter(
        (name) => each.kind === 'targets' || !name.includes('product'),
      );
      const results = Array.from({ length: runs }, (_, run) =>
        playOnce(each, seed * 1_000_003 + run, mergers),
      );
      return {
        case: each.name,
        runs,
        seed,
        mergers: mergers.map((merger, at) => {
          const failed = results.map((result) => result[at]?.failed ?? 0);
          return {
            merger,
            meanFailed: failed.reduce((sum, count) => sum + count, 0) / runs,
            medianFailed: quantile(failed, 0.5),
            rolledBack: results.filter((result) => result[at]?.decided === true).length / runs,
          };
        }),
      };
    }),
  };
}

function playOnce(
  { candidate, requestsPerSecond }: Case,
  seed: number,
  mergers: readonly string[],
): readonly { failed: number; decided: boolean }[] {
  const random = seededRandom(seed);
  const results = mergers.map(() => ({ failed: 0, decided: false }));
  let processes = candidate.map(() => beginProcess({ requests: 27_000, bad: 27 }));
  let failed = 0;
  for (let second = 0; second < SECONDS && results.some((result) => !result.decided); second += 1) {
    const blocks = candidate.map((rate): Block => {
      const requests = poisson(random, requestsPerSecond * 0.1);
      const stable = poisson(random, requestsPerSecond * 0.9);
      return {
        candidate: { requests, bad: binomial(random, requests, rate) },
        stable: { requests: stable, bad: binomial(random, stable, 0.001) },
      };
    });
    const moment = { duration: 1_000, step: 0, isNewStep: second === 0 };
    processes = processes.map((process, part) => {
      const block = blocks[part];
      return block === undefined ? process : bet(process, PROCESS, block, moment);
    });
    for (const [part, block] of blocks.entries())
      if ((candidate[part] ?? 0) > 0.001) failed += block.candidate.bad;
    const logEs = processes.map((process) => logEOf(process, PROCESS));
    for (const [at, merger] of mergers.entries()) {
      const result = results[at];
      if (result === undefined || result.decided) continue;
      result.failed = failed;
      result.decided = (MERGERS[merger]?.(logEs) ?? 0) >= LIMIT;
    }
  }
  return results;
}
