import type { Observation, SampleReading } from './observation.ts';
import type { Check, ThresholdCheck } from './plan.ts';
import type { Measured } from './reason.ts';
import type { Finding, Rollout } from './rollout.ts';
import { errorShare, latencyQuantile, type Sample } from './sample.ts';
import type { Instant, Window } from './time.ts';
import { canSplit } from './wish.ts';

/** Beyond its limit, a candidate is only to blame if it is this many times worse than stable: what hits both hits both. */
const CLEARLY_WORSE = 1.5;

/** One thing to ask the metrics: a check's counts of both arms over a window. */
export interface Question {
  readonly target: string;
  readonly check: string;
  readonly window: Window;
}

/** What `judge` needs to know of the metrics at `now`. Empty while no traffic is split. */
export function questions(rollout: Rollout, now: Instant): readonly Question[] {
  if (rollout.phase.kind !== 'progressing' && rollout.phase.kind !== 'held') return [];
  return judgedTargets(rollout).flatMap(({ target, steadySince }) =>
    rollout.plan.checks.map((check) => ({
      target,
      check: check.name,
      window: { from: Math.max(steadySince, now - check.window), to: now },
    })),
  );
}

/** Judges every check on every target whose traffic is verified as wished. */
export function judge(rollout: Rollout, observation: Observation): readonly Finding[] {
  return judgedTargets(rollout).flatMap(({ target }) =>
    rollout.plan.checks.map((check) => {
      const reading = observation.samples[target]?.[check.name];
      return { check: check.name, target, ...judgeThreshold(check, target, reading) };
    }),
  );
}

/** What the plan says about a failed check. */
export function onFailureOf(rollout: Rollout, finding: Finding): Check['onFailure'] {
  return rollout.plan.checks.find((check) => check.name === finding.check)?.onFailure ?? 'rollback';
}

function judgedTargets(rollout: Rollout): readonly { target: string; steadySince: Instant }[] {
  return rollout.plan.targets.flatMap(({ name }) => {
    const steadySince = rollout.targets?.[name]?.steadySince ?? null;
    return steadySince !== null && canSplit(rollout, name) ? [{ target: name, steadySince }] : [];
  });
}

function judgeThreshold(
  check: ThresholdCheck,
  target: string,
  reading: SampleReading | undefined,
): Pick<Finding, 'kind' | 'reason'> {
  const comparison = reading?.kind === 'ok' ? reading.value : null;
  const measured: Measured = {
    check: check.name,
    target,
    unit: check.measure.of === 'errors' ? 'share' : 'ms',
    candidate: comparison === null ? null : measure(check, comparison.candidate),
    stable: comparison === null ? null : measure(check, comparison.stable),
    max: check.max,
    requests: comparison?.candidate.requests ?? 0,
    failed: comparison?.candidate.failed ?? 0,
  };
  return conclude(check, measured);
}

function conclude(check: ThresholdCheck, measured: Measured): Pick<Finding, 'kind' | 'reason'> {
  if (measured.candidate === null || measured.requests < check.minRequests) {
    return {
      kind: 'undecided',
      reason: { code: 'not-enough-evidence', ...measured, needed: check.minRequests },
    };
  }
  if (measured.candidate <= check.max) return { kind: 'pass', reason: { code: 'check-passed', ...measured } };
  if (measured.stable !== null && measured.candidate < CLEARLY_WORSE * measured.stable) {
    return { kind: 'undecided', reason: { code: 'environment-unhealthy', ...measured } };
  }
  const code = measured.stable === null ? 'check-failed-alone' : 'check-failed';
  return { kind: 'fail', reason: { code, ...measured } };
}

function measure(check: ThresholdCheck, sample: Sample): number | null {
  if (sample.requests === 0) return null;
  return check.measure.of === 'errors' ? errorShare(sample) : latencyQuantile(sample, check.measure.quantile);
}
