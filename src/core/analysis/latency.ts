import type { Arms, Sample } from '../sample.ts';
import { addSamples, BEYOND_EDGES, bucketOf, LATENCY_BUCKETS, LATENCY_EDGES } from '../sample.ts';
import { IS_AS_GOOD, IS_SLOWER } from './alternative.ts';
import { type Case, type CaseSettings, hear, openCase } from './case.ts';
import type { Count } from './count.ts';
import { logEOf } from './e-process.ts';
import type { Moment } from './mixture.ts';
import { logMeanExp } from './numerics.ts';
import { ONCE } from './onset.ts';
import { type AnalysisSettings, blockCap, temperOf } from './settings.ts';

/** Is the candidate slower? Asked at one latency: which share of requests takes longer than that. */
export interface LatencyThreshold {
  /** Index of the latency edge beyond which stable's requests count as slow. */
  readonly edge: number;
  readonly case: Case;
}

/** Thresholds come from stable, before anything is judged by them; until enough is known of it, it is learnt. */
export type LatencyEvidence =
  | { readonly kind: 'learning'; readonly stable: Sample }
  | { readonly kind: 'judging'; readonly thresholds: readonly LatencyThreshold[] };

/** Shares of stable's requests that stay within a threshold. */
const QUANTILES = [0.5, 0.75, 0.9, 0.95, 0.99];

/** Well-answered requests of stable from which thresholds can be taken. */
const ENOUGH = 300;

const NO_SAMPLE: Sample = {
  requests: 0,
  failed: 0,
  latency: Array.from({ length: LATENCY_BUCKETS }, () => 0),
};

export function beginLatency(settings: AnalysisSettings, history: Sample | null): LatencyEvidence {
  return settle(settings, history ?? NO_SAMPLE);
}

/** Judges by the thresholds that were fixed before, or learns them from stable. */
export function learnLatency(
  evidence: LatencyEvidence,
  settings: AnalysisSettings,
  arms: Arms<Sample>,
  moment: Moment,
): LatencyEvidence {
  if (evidence.kind === 'learning') return settle(settings, addSamples([evidence.stable, arms.stable]));
  const caseSettings = latencyCase(settings);
  return {
    kind: 'judging',
    thresholds: evidence.thresholds.map((threshold) => {
      const block = {
        stable: slowerThan(arms.stable, threshold.edge),
        candidate: slowerThan(arms.candidate, tolerated(threshold.edge, settings)),
      };
      return { edge: threshold.edge, case: hear(threshold.case, caseSettings, block, moment) };
    }),
  };
}

/** log evidence that the candidate is slower than the margin allows: the average over the thresholds. */
export function latencyAgainst(evidence: LatencyEvidence, settings: AnalysisSettings): number {
  if (evidence.kind === 'learning') return 0;
  const { against } = latencyCase(settings);
  return logMeanExp(evidence.thresholds.map((threshold) => logEOf(threshold.case.against, against)));
}

/** log evidence that it is not: at every threshold, so that of the weakest. */
export function latencyInFavour(evidence: LatencyEvidence, settings: AnalysisSettings): number {
  if (evidence.kind === 'learning') return 0;
  const { inFavour } = latencyCase(settings);
  return Math.min(...evidence.thresholds.map((threshold) => logEOf(threshold.case.inFavour, inFavour)));
}

/**
 * Requests that took longer than the edge. Failed ones count as endless. Comparing such counts with the candidate's edge
 * moved by the margin tests whether its latency is stochastically larger than stable's times the margin: Lindon, Sanden and
 * Shirikian, "Rapid regression detection in software deployments through sequential testing" (2022).
 */
export function slowerThan(sample: Sample, edge: number): Count {
  let slow = sample.failed;
  for (let bucket = edge + 1; bucket < sample.latency.length; bucket += 1)
    slow += sample.latency[bucket] ?? 0;
  return { requests: sample.requests, bad: slow };
}

function latencyCase(settings: AnalysisSettings): CaseSettings {
  const temper = latencyTemper(settings);
  return {
    against: {
      hypothesis: { offset: 0, slope: 1, side: 'at-most' },
      alternatives: IS_SLOWER,
      onsets: settings.onsets,
      temper,
      cap: blockCap(settings),
    },
    inFavour: {
      hypothesis: { offset: settings.promotion.margin, slope: 1, side: 'at-least' },
      alternatives: IS_AS_GOOD,
      onsets: ONCE,
      temper,
      cap: null,
    },
  };
}

/** Failed requests count as slow ones, so clusters of failures make clusters of slow ones. */
function latencyTemper({ overdispersion }: AnalysisSettings): number {
  return Math.min(temperOf(overdispersion.errors), temperOf(overdispersion.latency));
}

const LAST_EDGE = LATENCY_EDGES.length - 1;

/** The edge that the candidate may reach where stable reaches `edge`: by the margin, or by what nobody notices if that is more. Rounded up: that can only spare it. */
function tolerated(edge: number, { latencyMargin, latencySlack }: AnalysisSettings): number {
  const latency = LATENCY_EDGES[edge] ?? BEYOND_EDGES;
  const most = Math.max(latency * (1 + latencyMargin), latency + latencySlack) * (1 - 1e-9);
  const found = LATENCY_EDGES.findIndex((candidate) => candidate >= most);
  return found === -1 ? LATENCY_EDGES.length : found;
}

function settle(settings: AnalysisSettings, stable: Sample): LatencyEvidence {
  const answered = stable.latency.reduce((sum, count) => sum + count, 0);
  if (answered < ENOUGH) return { kind: 'learning', stable };
  const edges = new Set(QUANTILES.map((quantile) => quantileEdge(stable, quantile * answered)));
  if (settings.slo.latency !== null) edges.add(Math.min(LAST_EDGE, bucketOf(settings.slo.latency)));
  return {
    kind: 'judging',
    thresholds: [...edges].map((edge) => ({ edge, case: openCase(slowerThan(stable, edge)) })),
  };
}

function quantileEdge(sample: Sample, rank: number): number {
  let seen = 0;
  const bucket = sample.latency.findIndex((count) => (seen += count) >= rank);
  return bucket === -1 ? LAST_EDGE : Math.min(LAST_EDGE, bucket);
}
