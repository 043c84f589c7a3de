import { combineMetrics, combineTargets, contribution } from './combine.ts';
import { logEOf } from './e-process.ts';
import { errorCase, sloCase } from './errors.ts';
import type { Evidence, TargetEvidence } from './evidence.ts';
import { latencyAgainst, latencyInFavour } from './latency.ts';
import { clip } from './numerics.ts';
import {
  type AnalysisSettings,
  type Metric,
  metricWeights,
  promotionLimit,
  rollbackLimit,
} from './settings.ts';
import { trafficAgainst, trafficInFavour } from './traffic.ts';

/** What one metric on one target says, as log e-values. */
export interface MetricEvidence {
  readonly target: string;
  readonly metric: Metric;
  /** Share of the target's evidence, 0 to 1. */
  readonly weight: number;
  /** That the candidate is worse, over the whole rollout. */
  readonly against: number;
  /** That it is not worse by the promotion's margin, in the last judged step. */
  readonly inFavour: number;
}

/**
 * What the evidence calls for. `rollback`: there is enough against the candidate. `environment-unhealthy`: only the limit on
 * errors is breached, and by stable too: stop, but do not blame the candidate. `promote`: the step may end early.
 */
export type Conclusion = 'rollback' | 'environment-unhealthy' | 'promote' | 'undecided';

/** All evidence of a rollout, weighed. */
export interface Assessment {
  /** log evidence against the candidate, of all metrics and targets together. */
  readonly against: number;
  /** Where that means rollback. */
  readonly limit: number;
  /** How far it is on the way from none to the limit, 0 to 1. */
  readonly progress: number;
  /** Whether there is something against the candidate, if not enough: half the limit, which chance rarely reaches. */
  readonly suspicious: boolean;
  /** Whether every metric rules out on every target, and in this step, that the candidate is worse by the promotion's margin. */
  readonly clear: boolean;
  readonly conclusion: Conclusion;
  readonly metrics: readonly MetricEvidence[];
  /** The metric and target that bring most against the candidate; null without any. */
  readonly leading: MetricEvidence | null;
}

/** Weighs the evidence while `step` (index from 0) is under way. By Ville's inequality it may be asked as often as wished. */
export function assess(evidence: Evidence, settings: AnalysisSettings, step: number): Assessment {
  const targets = Object.entries(evidence.targets);
  const metrics = targets.flatMap(([target, known]) => weigh(target, known, settings));
  const against = total(metrics);
  const limit = rollbackLimit(settings);
  const leading = leadingOf(metrics);
  // Every metric must win on every target: an intersection-union test needs no correction (Berger, 1982).
  const isOfStep = targets.every(([, known]) => known.step?.index === step);
  const clear =
    metrics.length > 0 && isOfStep && metrics.every((metric) => metric.inFavour >= promotionLimit(settings));
  const shortest = Math.min(...targets.map(([, known]) => known.step?.judged ?? 0));
  return {
    against,
    limit,
    progress: clip(against / limit, 0, 1),
    suspicious: against > limit / 2,
    clear,
    conclusion: conclude(),
    metrics,
    leading,
  };

  function conclude(): Conclusion {
    if (against >= limit) {
      return isEnvironment(evidence, settings, metrics, leading) ? 'environment-unhealthy' : 'rollback';
    }
    return clear && shortest >= settings.promotion.minimumHold ? 'promote' : 'undecided';
  }
}

function weigh(target: string, known: TargetEvidence, settings: AnalysisSettings): readonly MetricEvidence[] {
  return metricWeights(settings).map(({ metric, weight }) => ({
    target,
    metric,
    weight,
    ...bothSides(metric, known, settings),
  }));
}

function bothSides(
  metric: Metric,
  known: TargetEvidence,
  settings: AnalysisSettings,
): Pick<MetricEvidence, 'against' | 'inFavour'> {
  switch (metric) {
    case 'errors': {
      const { against, inFavour } = errorCase(settings);
      return {
        against: logEOf(known.errors.against, against),
        inFavour: logEOf(known.errors.inFavour, inFavour),
      };
    }
    case 'slo': {
      if (known.slo === null) return { against: 0, inFavour: 0 };
      const { against, inFavour } = sloCase(settings, known.slo.limit);
      return {
        against: logEOf(known.slo.case.against, against),
        inFavour: logEOf(known.slo.case.inFavour, inFavour),
      };
    }
    case 'latency':
      return {
        against: latencyAgainst(known.latency, settings),
        inFavour: latencyInFavour(known.latency, settings),
      };
    case 'traffic':
      return {
        against: trafficAgainst(known.traffic, settings),
        inFavour: trafficInFavour(known.traffic),
      };
    default:
      return metric satisfies never;
  }
}

/** How far one metric is by itself on the way to a rollback, 0 to 1: it counts with its share, so never further than all. */
export function progressOf({ target, weight, against }: MetricEvidence, of: Assessment): number {
  const targets = new Set(of.metrics.map((metric) => metric.target));
  const own = contribution({ weight, logE: against });
  const alone = combineTargets([...targets].map((each) => (each === target ? own : -Infinity)));
  return clip(alone / of.limit, 0, 1);
}

function total(metrics: readonly MetricEvidence[]): number {
  const byTarget = Map.groupBy(metrics, (metric) => metric.target);
  const perTarget = [...byTarget.values()].map((ofTarget) =>
    combineMetrics(ofTarget.map(({ weight, against }) => ({ weight, logE: against }))),
  );
  return combineTargets(perTarget);
}

function leadingOf(metrics: readonly MetricEvidence[]): MetricEvidence | null {
  return metrics.reduce<MetricEvidence | null>(
    (leading, metric) => (leading === null || brings(metric) > brings(leading) ? metric : leading),
    null,
  );
}

function brings({ weight, against }: MetricEvidence): number {
  return contribution({ weight, logE: against });
}

/** Whether only breached limits speak against the candidate, and stable breaches the leading one as well. */
function isEnvironment(
  evidence: Evidence,
  settings: AnalysisSettings,
  metrics: readonly MetricEvidence[],
  leading: MetricEvidence | null,
): boolean {
  if (leading?.metric !== 'slo') return false;
  const withoutLimits = metrics.map((metric) =>
    metric.metric === 'slo' ? { ...metric, against: 0 } : metric,
  );
  if (total(withoutLimits) >= rollbackLimit(settings)) return false;
  const slo = evidence.targets[leading.target]?.slo ?? null;
  if (slo === null) return false;
  return logEOf(slo.stable, sloCase(settings, slo.limit).against) > rollbackLimit(settings) / 2;
}
