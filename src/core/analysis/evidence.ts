import type { Arms, Sample } from '../sample.ts';
import type { Instant, Milliseconds } from '../time.ts';
import type { Percent } from '../traffic.ts';
import { type Case, hear, openCase } from './case.ts';
import { addCounts, type Block, type Count, errorsOf, NOTHING } from './count.ts';
import { beginProcess, bet, type Process } from './e-process.ts';
import { errorCase, sloCase } from './errors.ts';
import { beginLatency, type LatencyEvidence, learnLatency } from './latency.ts';
import type { Moment } from './mixture.ts';
import { type AnalysisSettings, leastBlockTime } from './settings.ts';
import { learnTraffic, NO_TRAFFIC_SEEN, type TrafficEvidence } from './traffic.ts';

/** Everything that the analysis of one rollout has learnt. Immutable, and it survives JSON. */
export interface Evidence {
  readonly targets: Readonly<Record<string, TargetEvidence>>;
}

/** What was learnt on one target. */
export interface TargetEvidence {
  /** Up to when its requests have been judged; null before the first block. */
  readonly cursor: Instant | null;
  /** Index of the step of the last block, and for how long it has been judged; null before the first block. */
  readonly step: { readonly index: number; readonly judged: Milliseconds } | null;
  /** All requests judged so far, and how many of them failed. */
  readonly counted: Block;
  readonly errors: Case;
  readonly slo: SloEvidence | null;
  readonly latency: LatencyEvidence;
  readonly traffic: TrafficEvidence;
}

/** Failures against a limit, and the same of stable: where both breach it, it is not the candidate's doing. */
interface SloEvidence {
  readonly limit: number;
  readonly case: Case;
  readonly stable: Process;
}

/**
 * What both arms of a target did in a stretch of time in which its weight was steady, the settling after a shift left out.
 * Counts are final.
 */
export interface Interval {
  readonly target: string;
  /** Index of the step, from 0. */
  readonly step: number;
  /** The candidate's share of the traffic, in percent. */
  readonly weight: Percent;
  readonly from: Instant;
  readonly to: Instant;
  readonly arms: Arms<Sample>;
  /** Judge it even if it is short: at the end of a step, which the clock sets and not the counts. */
  readonly flush: boolean;
}

/** What is known before the first block: stable's requests of the last 10 to 30 minutes per target; null if there are none. */
export function beginEvidence(
  settings: AnalysisSettings,
  histories: Readonly<Record<string, Sample | null>>,
): Evidence {
  const targets = Object.entries(histories).map(([target, history]) => [target, begin(settings, history)]);
  return { targets: Object.fromEntries(targets) };
}

/**
 * Judges the interval as one block, and learns from it. Nothing changes, and the same evidence comes back, when the interval
 * begins before what has been judged already, when it is too small yet (ask again later, with the same beginning), or when
 * the target is not part of the rollout.
 */
export function learn(evidence: Evidence, settings: AnalysisSettings, interval: Interval): Evidence {
  const known = evidence.targets[interval.target];
  if (known === undefined || !isNews(known, interval) || !isBlock(settings, interval)) return evidence;
  return { targets: { ...evidence.targets, [interval.target]: judge(known, settings, interval) } };
}

function begin(settings: AnalysisSettings, history: Sample | null): TargetEvidence {
  const errors: Count = history === null ? NOTHING : errorsOf(history);
  const limit = settings.slo.errors;
  return {
    cursor: null,
    step: null,
    counted: { stable: NOTHING, candidate: NOTHING },
    errors: openCase(errors),
    slo: limit === null ? null : { limit, case: openCase(errors), stable: beginProcess(errors) },
    latency: beginLatency(settings, history),
    traffic: NO_TRAFFIC_SEEN,
  };
}

function isNews(known: TargetEvidence, interval: Interval): boolean {
  return interval.to > interval.from && (known.cursor === null || interval.from >= known.cursor);
}

/** Whether the interval is large enough to be judged. Depends on arrivals and the clock only, never on what went bad. */
function isBlock(settings: AnalysisSettings, { flush, from, to, arms }: Interval): boolean {
  if (flush) return true;
  const requests = arms.stable.requests + arms.candidate.requests;
  return requests >= settings.block.minimumRequests && to - from >= leastBlockTime(settings);
}

function judge(known: TargetEvidence, settings: AnalysisSettings, interval: Interval): TargetEvidence {
  const { step, weight, from, to, arms } = interval;
  const isNewStep = known.step?.index !== step;
  const moment: Moment = { duration: to - from, step, isNewStep };
  const block: Block = { stable: errorsOf(arms.stable), candidate: errorsOf(arms.candidate) };
  const { errors, latency, traffic } = settings.weights;
  return {
    cursor: to,
    step: { index: step, judged: (isNewStep ? 0 : (known.step?.judged ?? 0)) + moment.duration },
    counted: {
      stable: addCounts(known.counted.stable, block.stable),
      candidate: addCounts(known.counted.candidate, block.candidate),
    },
    errors: errors > 0 ? hear(known.errors, errorCase(settings), block, moment) : known.errors,
    slo: known.slo === null ? null : hearSlo(known.slo, settings, block, moment),
    latency: latency > 0 ? learnLatency(known.latency, settings, arms, moment) : known.latency,
    traffic: traffic > 0 ? learnTraffic(known.traffic, settings, arms, weight / 100, moment) : known.traffic,
  };
}

function hearSlo(slo: SloEvidence, settings: AnalysisSettings, block: Block, moment: Moment): SloEvidence {
  const { limit } = slo;
  const caseSettings = sloCase(settings, limit);
  const swapped: Block = { stable: block.candidate, candidate: block.stable };
  return {
    limit,
    case: hear(slo.case, caseSettings, block, moment),
    stable: bet(slo.stable, caseSettings.against, swapped, moment),
  };
}
