import { runningCandidate } from '../../look.ts';
import { toPromoting, toRollingBack, toStep, type Move } from '../move.ts';
import type { Observation } from '../../observation.ts';
import { stay, targetNames, type Progress } from '../progress.ts';
import type { Reason } from '../../reason.ts';
import type { PhaseOf, Rollout } from '../../rollout.ts';
import type { Instant, Milliseconds } from '../../time.ts';
import { canSplit, isStable } from '../../wish.ts';

/** Waits until the candidate is up, healthy, the right one and tested on every target. */
export function prepare(
  rollout: Rollout,
  phase: PhaseOf<'preparing'>,
  observation: Observation,
  now: Instant,
): Progress {
  const verdicts = targetNames(rollout).map((name) => readiness(rollout, observation, name, phase.watched));
  const hopeless = verdicts.filter(
    (verdict) => verdict?.code === 'does-not-start' || verdict?.code === 'wrong-digest',
  );
  const missing = verdicts.filter((verdict) => verdict !== null);
  if (hopeless.length > 0) return toRollingBack({ kind: 'aborted', reasons: hopeless }, now);
  if (missing.length === 0) return begin(rollout, now);
  const late = phase.watched > rollout.plan.limits.prepare;
  return late ? toRollingBack({ kind: 'aborted', reasons: missing }, now) : stay(missing);
}

function begin(rollout: Rollout, now: Instant): Move {
  const ready: Reason = { code: 'ready', targets: targetNames(rollout) };
  if (!targetNames(rollout).some((name) => canSplit(rollout, name))) {
    const why: Reason = isStable(rollout)
      ? { code: 'already-stable', release: rollout.candidate.name }
      : { code: 'first-release' };
    return toPromoting(now, [ready, why]);
  }
  return rollout.plan.steps.length === 0
    ? toPromoting(now, [ready, { code: 'no-steps' }])
    : toStep(0, now, [ready]);
}

/** What is missing before the candidate can take traffic on the target; null when nothing is. */
function readiness(
  rollout: Rollout,
  observation: Observation,
  target: string,
  after: Milliseconds,
): Reason | null {
  const reading = observation.targets[target];
  if (reading?.kind !== 'ok') {
    return { code: 'not-healthy', target, after, detail: reading?.error ?? 'not read' };
  }
  const running = runningCandidate(rollout, observation, target);
  if (running === null) {
    const detail = rollout.targets?.[target]?.refusal ?? 'not started yet';
    return { code: 'not-healthy', target, after, detail };
  }
  if (running.failed) return { code: 'does-not-start', target, detail: running.trouble ?? 'no reason given' };
  if (running.digest !== rollout.candidate.digest) {
    return { code: 'wrong-digest', target, wanted: rollout.candidate.digest, running: running.digest };
  }
  if (running.healthy < running.wanted) {
    const trouble = running.trouble === null ? '' : `, ${running.trouble}`;
    const detail = `${running.healthy} of ${running.wanted} instances are healthy${trouble}`;
    return { code: 'not-healthy', target, after, detail };
  }
  const smoke = observation.smoke[target];
  if (smoke?.kind === 'passed') return null;
  return { code: 'smoke-failed', target, after, detail: smoke?.detail ?? 'not tested yet' };
}
