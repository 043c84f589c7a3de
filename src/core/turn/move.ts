import type { Admission } from '../permission/admission.ts';
import type { Reason } from '../reason.ts';
import type { Phase, Rollout, Verdict } from '../rollout.ts';
import type { Instant } from '../time.ts';
import { isStable } from '../wish.ts';

/** A change of phase and what it is for. */
export interface Move {
  readonly to: Phase;
  readonly because: readonly Reason[];
  /** By what the gates let the candidate in, when they just did. */
  readonly admission?: Admission;
}

/** Begins the step with this index. */
export function toStep(step: number, now: Instant, because: readonly Reason[]): Move {
  return { to: { kind: 'progressing', step, stage: 'moving', since: now, watched: 0 }, because };
}

/** What comes after the step with this index: the next one, or promotion. */
export function afterStep(rollout: Rollout, step: number, now: Instant, because: readonly Reason[]): Move {
  return step + 1 < rollout.plan.steps.length ? toStep(step + 1, now, because) : toPromoting(now, because);
}

export function toPromoting(now: Instant, because: readonly Reason[]): Move {
  const ordered = because.filter(({ code }) => code === 'commanded');
  return { to: { kind: 'promoting', since: now, watched: 0, ordered }, because };
}

export function toHeld(step: number, now: Instant, because: readonly Reason[]): Move {
  return { to: { kind: 'held', step, since: now, watched: 0, reasons: because }, because };
}

/** Takes all traffic home, after which the rollout ends with the verdict. */
export function toRollingBack(verdict: Verdict, now: Instant): Move {
  return {
    to: { kind: 'rolling-back', since: now, watched: 0, verdict, late: false },
    because: verdict.reasons,
  };
}

/** Ends the rollout. What was promoted stays under watch for the rollback window, the rest for the quarantine. */
export function toEnded(
  rollout: Rollout,
  verdict: Verdict,
  now: Instant,
  because: readonly Reason[] = [],
): Move {
  const { rollbackWindow, quarantine } = rollout.plan;
  // What was stable before is stable still: there is nothing to take back, and nothing is kept warm.
  const untouched = rollout.phase.kind === 'gating' || (verdict.kind === 'promoted' && isStable(rollout));
  const settlesAt =
    verdict.kind === 'promoted'
      ? now + Math.max(rollbackWindow, quarantine)
      : untouched
        ? now
        : now + quarantine;
  return { to: { kind: 'ended', at: now, verdict, settlesAt, settled: untouched }, because };
}

/** The phase in the words of the journal. */
export function labelOf(rollout: Rollout): string {
  const { phase, plan } = rollout;
  switch (phase.kind) {
    case 'progressing':
      return `${phase.stage} at ${plan.steps[phase.step]?.weight ?? 0} %`;
    case 'held':
      return `held at ${plan.steps[phase.step]?.weight ?? 0} %`;
    case 'ended':
      return phase.verdict.kind;
    case 'gating':
    case 'preparing':
    case 'promoting':
    case 'rolling-back':
      return phase.kind;
    default:
      return phase satisfies never;
  }
}
