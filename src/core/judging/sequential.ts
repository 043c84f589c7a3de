import { assess, type Assessment, type MetricEvidence } from '../analysis/assess.ts';
import type { Block } from '../analysis/count.ts';
import { type AnalysisSettings, usualSettings } from '../analysis/settings.ts';
import { wouldFind } from '../forecast/would-find.ts';
import type { Analysis, Plan } from '../plan.ts';
import type { Weighed } from '../reason.ts';
import type { Finding, Rollout } from '../rollout.ts';

/** What the analysis is called among the checks. */
export const ANALYSIS = 'analysis';

/** The rules of the analysis for a plan; null when it has none. */
export function analysisSettings({
  analysis,
  steps,
}: Pick<Plan, 'analysis' | 'steps'>): AnalysisSettings | null {
  if (analysis === null) return null;
  const usual = usualSettings(steps);
  const { overdispersion, isCapped } = analysis.clusters;
  return {
    ...usual,
    alpha: analysis.alpha,
    tolerance: { offset: analysis.maxIncrease, slope: 1 },
    latencyMargin: analysis.maxSlowdown,
    latencySlack: analysis.ignoreSlowdown,
    slo: analysis.slo,
    promotion: promotionOf(analysis, usual),
    overdispersion: { errors: overdispersion, latency: overdispersion },
    cap: isCapped,
    weights: { ...usual.weights, traffic: analysis.presence ? usual.weights.traffic : 0 },
  };
}

function promotionOf(
  { promoteEarly }: Analysis,
  { promotion }: AnalysisSettings,
): AnalysisSettings['promotion'] {
  return promoteEarly === null ? promotion : { margin: promoteEarly.margin, minimumHold: promoteEarly.after };
}

/** Whether the step has been watched for its time. The clock says so, not the counts. */
export function isOver({ phase, plan }: Rollout): boolean {
  if (phase.kind === 'held') return true;
  return (
    phase.kind === 'progressing' &&
    phase.stage === 'holding' &&
    phase.watched >= (plan.steps[phase.step]?.hold ?? 0)
  );
}

/** All the evidence weighed, while traffic is split; null without any. */
export function assessment(rollout: Rollout): Assessment | null {
  const settings = analysisSettings(rollout.plan);
  if (settings === null || rollout.evidence === null) return null;
  const { phase } = rollout;
  const step = phase.kind === 'progressing' || phase.kind === 'held' ? phase.step : -1;
  return assess(rollout.evidence, settings, step);
}

/** Whether the step may end before its time: the plan allows it, and the evidence shows the candidate to be good enough. */
export function isProvenGood(rollout: Rollout): boolean {
  return rollout.plan.analysis?.promoteEarly !== null && assessment(rollout)?.conclusion === 'promote';
}

/** What the analysis finds: one finding per measure and target. */
export function analysisFindings(rollout: Rollout): readonly Finding[] {
  const weighed = assessment(rollout);
  if (weighed === null) return [];
  const isAtEnd = isOver(rollout);
  return weighed.metrics.map((metric): Finding => {
    const { target } = metric;
    const counted = rollout.evidence?.targets[target]?.counted ?? NOTHING_COUNTED;
    const facts: Weighed = {
      check: metric.metric,
      target,
      ...counted,
      against: metric.against,
      inFavour: metric.inFavour,
      total: weighed.against,
      limit: weighed.limit,
    };
    return { check: ANALYSIS, target, ...judgeMetric({ rollout, weighed, isAtEnd }, metric, facts) };
  });
}

const NOTHING_COUNTED: Block = {
  stable: { requests: 0, bad: 0 },
  candidate: { requests: 0, bad: 0 },
};

interface Court {
  readonly rollout: Rollout;
  readonly weighed: Assessment;
  /** Whether the step has had its time, so that what it could not show counts. */
  readonly isAtEnd: boolean;
}

function judgeMetric(
  { rollout, weighed, isAtEnd }: Court,
  metric: MetricEvidence,
  facts: Weighed,
): Pick<Finding, 'kind' | 'reason'> {
  const isLeading = metric === named(weighed);
  if (isLeading && weighed.conclusion === 'rollback')
    return { kind: 'fail', reason: { code: 'worse', ...facts } };
  if (isLeading && weighed.conclusion === 'environment-unhealthy') {
    return { kind: 'fail', reason: { code: 'both-breach', ...facts } };
  }
  if (isLeading && weighed.suspicious) return { kind: 'undecided', reason: { code: 'suspicious', ...facts } };
  if (
    facts.candidate.requests === 0 ||
    (isAtEnd && metric.metric === 'errors' && !weighed.clear && isBlind(rollout, facts))
  ) {
    const { mustFind = 0 } = rollout.plan.analysis ?? {};
    return { kind: 'undecided', reason: { code: 'would-be-missed', mustFind, ...facts } };
  }
  return { kind: 'pass', reason: { code: 'not-worse', ...facts } };
}

/** The measure that is named for what the evidence says. Failures also count as endless latency, but are failures first. */
function named({ leading, metrics, limit }: Assessment): MetricEvidence | null {
  if (leading?.metric !== 'latency') return leading;
  const errors = metrics.find(({ metric, target }) => metric === 'errors' && target === leading.target);
  return errors !== undefined && errors.against >= limit / 2 ? errors : leading;
}

/** Whether a candidate that fails as much as must be found could have come through with what was counted on the target. */
function isBlind({ plan, evidence }: Rollout, facts: Weighed): boolean {
  const settings = analysisSettings(plan);
  if (plan.analysis === null || settings === null) return false;
  const targets = Object.keys(evidence?.targets ?? {}).length;
  const seen = evidence?.targets[facts.target]?.errors.against.seen ?? facts.stable;
  return !wouldFind(plan.analysis.mustFind, facts, seen, { settings, targets });
}
