import { usualSettings } from '../../src/core/analysis/settings.ts';
import { lowerBound } from './lower-bound.ts';
import { playPeers } from './peers.ts';
import { badOnly, errorSettings, forgetful, oracle, relative, whole } from './rules.ts';
import { type Outcome, play, type Rule, scene } from './scene.ts';

/** Candidate error rates; stable fails one in a thousand. */
const CANDIDATES = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.2, 1];

export const OUR_RULES: readonly Rule[] = [
  relative('1 s'),
  relative('1 s, capped', { cap: true }),
  relative('1 s, tolerance 0.05 pp', { tolerance: { offset: 0.0005, slope: 1 } }),
  forgetful(relative('1 s'), '1 s, no history'),
  relative('1 s, alpha 0.001', { alpha: 0.001 }),
  relative('1 s, alpha 0.05', { alpha: 0.05 }),
  relative('10 s', {}, { every: 10 }),
  relative('60 s', {}, { every: 60 }),
  badOnly('1 s, bad requests only'),
];

/** All metrics as they are usually weighed, on a rollout of one step of five minutes. */
const ALL_METRICS = whole('all metrics', usualSettings([{ weight: 10, hold: 300_000 }]));

/** The analysis as a rollout asks it. */
export const WHOLE_RULES: readonly Rule[] = [
  ALL_METRICS,
  whole('1 s, with a limit of 1 %', errorSettings({ slo: { errors: 0.01, latency: null } })),
];

/** How soon a bad candidate is back, and how often a good one is taken for bad. */
export function detection(runs: number): object {
  return {
    what: '100 requests a second, a tenth to the candidate, 5 minutes, stable fails 0.1 %',
    columns: CANDIDATES.map((candidate, index) => {
      const isNull = candidate === 0.001;
      const count = isNull ? 4 * runs : runs;
      const told = oracle('1 s, told the true rates', 0.001, candidate);
      const outcomes: readonly Outcome[] = [
        ...play(scene({ candidate }), isNull ? OUR_RULES : [...OUR_RULES, told], count, 100 + index),
        ...play(
          scene({ candidate, tick: 0.1 }),
          [relative('0.1 s'), { ...ALL_METRICS, name: 'all metrics, 0.1 s' }],
          Math.ceil(count / 8),
          200 + index,
        ),
        ...play(scene({ candidate }), WHOLE_RULES, Math.ceil(count / 4), 100 + index),
        ...playPeers(scene({ candidate }), count, 100 + index),
      ];
      return {
        candidate,
        seed: 100 + index,
        bound: lowerBound(candidate),
        outcomes,
      };
    }),
  };
}

/** Failed requests at the rollback without a limit of time, against the least that any test needs. */
export function distanceToBound(runs: number): object {
  return {
    what: 'mean failed requests at the rollback, as a multiple of the lower bound; polls of 0.1 s from 5 % on',
    columns: CANDIDATES.slice(1).map((candidate, index) => {
      const few = candidate < 0.005 ? Math.ceil(runs / 6) : Math.ceil(runs / 2);
      const settings = errorSettings();
      const watched = scene({ candidate, seconds: 6_000, tick: candidate >= 0.05 ? 0.1 : 1 });
      const rules = [
        relative('relative', settings),
        oracle('told the true rates', 0.001, candidate),
        badOnly('bad requests only'),
      ];
      const bound = lowerBound(candidate);
      return {
        candidate,
        runs: few,
        seed: 300 + index,
        bound: bound.failed,
        rules: play(watched, rules, few, 300 + index).map(({ rule, meanFailed, rolledBack }) => ({
          rule,
          meanFailed,
          rolledBack,
          timesBound: meanFailed / bound.failed,
        })),
      };
    }),
  };
}
