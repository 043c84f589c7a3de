import { onFailureOf } from '../../judging/judge.ts';
import { isProvenGood } from '../../judging/sequential.ts';
import { afterStep, toHeld, toRollingBack, type Move } from '../move.ts';
import { awaitTargets, stay, targetNames, unsteady, type Progress } from '../progress.ts';
import type { Reason } from '../../reason.ts';
import type { Finding, PhaseOf, Rollout } from '../../rollout.ts';
import type { Instant } from '../../time.ts';

/** A step that could not decide in its time gets as much again before it counts as inconclusive. */
export const EXTENSION = 2;

type Progressing = PhaseOf<'progressing'>;

/** Waits for the barrier: all targets verified at the step's weight. */
export function reachBarrier(rollout: Rollout, phase: Progressing, now: Instant): Progress {
  const behind = unsteady(rollout);
  if (behind.length === 0) {
    return {
      to: { ...phase, stage: 'holding', since: now, watched: 0 },
      because: [{ code: 'barrier', weight: weightOf(rollout, phase.step), targets: targetNames(rollout) }],
    };
  }
  return awaitTargets(rollout, behind, phase.watched, now);
}

/** Watches the step for its time, and goes on when every check has passed. */
export function hold(rollout: Rollout, phase: Progressing, now: Instant): Progress {
  const lost = unsteady(rollout);
  if (lost.length > 0) {
    const because = lost.map((target): Reason => {
      const detail = 'traffic was changed by something else, or its guard fired';
      return { code: 'drifted', target, detail };
    });
    return { to: { ...phase, stage: 'moving', since: now, watched: 0 }, because };
  }
  const { hold: planned, weight } = rollout.plan.steps[phase.step] ?? { hold: 0, weight: 0 };
  const undecided = decisive(rollout).filter((finding) => finding.kind !== 'pass');
  const reasons = undecided.map((finding) => finding.reason);
  if (phase.watched < planned) {
    return undecided.length === 0 && isProvenGood(rollout) ? endEarly(rollout, phase, now) : stay(reasons);
  }
  if (undecided.length === 0) {
    return afterStep(rollout, phase.step, now, [{ code: 'step-done', weight, watched: phase.watched }]);
  }
  return phase.watched < EXTENSION * planned ? stay(reasons) : inconclusive(rollout, phase, reasons, now);
}

function endEarly(rollout: Rollout, { step, watched }: Progressing, now: Instant): Move {
  const margin = rollout.plan.analysis?.promoteEarly?.margin ?? 0;
  const reason: Reason = { code: 'proven-good', weight: weightOf(rollout, step), margin, after: watched };
  return afterStep(rollout, step, now, [reason]);
}

function inconclusive(rollout: Rollout, phase: Progressing, reasons: readonly Reason[], now: Instant): Move {
  const { onInconclusive } = rollout.plan;
  // To go on is for want of evidence, not for want of a little more against the candidate.
  const isSuspicious = reasons.some(({ code }) => code === 'suspicious');
  const policy = onInconclusive === 'promote' && isSuspicious ? 'hold' : onInconclusive;
  const because: readonly Reason[] = [{ code: 'inconclusive', policy }, ...reasons];
  switch (policy) {
    case 'hold':
      return toHeld(phase.step, now, because);
    case 'promote':
      return afterStep(rollout, phase.step, now, because);
    case 'rollback':
      return toRollingBack({ kind: 'aborted', reasons: because }, now);
    default:
      return policy satisfies never;
  }
}

/** Waits for a person, but not for ever; what was held for want of evidence goes on when the evidence has come. */
export function stayHeld(rollout: Rollout, phase: PhaseOf<'held'>, now: Instant): Progress {
  const wasUndecided = phase.reasons.some((reason) => reason.code === 'inconclusive');
  const findings = decisive(rollout);
  if (wasUndecided && findings.length > 0 && findings.every((finding) => finding.kind === 'pass')) {
    return afterStep(rollout, phase.step, now, [{ code: 'evidence-came', after: phase.watched }]);
  }
  if (phase.watched <= rollout.plan.limits.held) return stay(phase.reasons);
  const reasons: readonly Reason[] = [{ code: 'held-too-long', after: phase.watched }, ...phase.reasons];
  return toRollingBack({ kind: 'aborted', reasons }, now);
}

/** The findings that a step must pass. */
function decisive(rollout: Rollout): readonly Finding[] {
  return rollout.findings.filter((finding) => onFailureOf(rollout, finding) !== 'report');
}

function weightOf(rollout: Rollout, step: number): number {
  return rollout.plan.steps[step]?.weight ?? 0;
}
