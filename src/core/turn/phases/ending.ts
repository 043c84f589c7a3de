import { dueVerdict, isGivenUp } from '../../attestation.ts';
import { follows, readingOf } from '../../look.ts';
import { toEnded } from '../move.ts';
import type { Observation } from '../../observation.ts';
import { awaitTargets, stay, targetNames, unsteady, type Progress } from '../progress.ts';
import type { Reason } from '../../reason.ts';
import { sameRelease } from '../../release.ts';
import type { PhaseOf, Rollout } from '../../rollout.ts';
import type { Instant } from '../../time.ts';
import { isStable, keptReleases } from '../../wish.ts';

/** Ends when every target has made the candidate its stable; one that does not follow takes all of them back. */
export function finishPromotion(rollout: Rollout, phase: PhaseOf<'promoting'>, now: Instant): Progress {
  const behind = unsteady(rollout);
  if (behind.length > 0) return awaitTargets(rollout, behind, phase.watched, now);
  const found = rollout.findings.filter(({ kind }) => kind === 'pass').map(({ reason }) => reason);
  const { name } = rollout.candidate;
  const again: readonly Reason[] = isStable(rollout) ? [{ code: 'already-stable', release: name }] : [];
  const reasons = [...again, ...(phase.ordered.length > 0 ? phase.ordered : found)];
  return toEnded(rollout, { kind: 'promoted', reasons }, now);
}

/** Ends when every target is verified at home. There is no giving up. */
export function finishRollback(rollout: Rollout, phase: PhaseOf<'rolling-back'>, now: Instant): Progress {
  const away = unsteady(rollout);
  if (away.length > 0) {
    const late = away.map((target): Reason => {
      const state = rollout.targets?.[target];
      const detail = state?.outage?.error ?? state?.homeTrouble ?? state?.refusal ?? 'not at home yet';
      return { code: 'did-not-follow', target, detail, after: phase.watched };
    });
    const tell = !phase.late && phase.watched > rollout.plan.limits.follow;
    return tell ? { to: { ...phase, late: true }, because: late } : stay(late);
  }
  return toEnded(rollout, phase.verdict, now, [
    { code: hadStable(rollout) ? 'at-home' : 'never-home', targets: targetNames(rollout) },
  ]);
}

function hadStable({ targets }: Rollout): boolean {
  return Object.values(targets ?? {}).some(({ home }) => home !== null);
}

/**
 * After the end: settled once the time of grace is over and every target has let go of what is no longer kept, or as
 * soon as a newer rollout has taken over.
 */
export function settle(
  rollout: Rollout,
  phase: PhaseOf<'ended'>,
  observation: Observation,
  now: Instant,
): Progress {
  if (phase.settled) return stay([]);
  const isDue = dueVerdict(rollout) !== null;
  if (isDue && !isGivenUp(rollout, now)) return stay(notAttested(rollout, now));
  const because: readonly Reason[] = [...(isDue ? [neverAttested(rollout, now)] : []), { code: 'settled' }];
  const settled: Progress = { to: { ...phase, settled: true }, because };
  if (observation.overtaken) return settled;
  if (now < phase.settlesAt) return stay([]);
  const restless = targetNames(rollout).filter((name) => !isTidy(rollout, observation, name));
  return restless.length === 0 || now > phase.settlesAt + rollout.plan.limits.held ? settled : stay([]);
}

function notAttested({ attestation: { trouble } }: Rollout, now: Instant): readonly Reason[] {
  return trouble === null
    ? []
    : [{ code: 'not-attested', detail: trouble.detail, after: now - trouble.since }];
}

function neverAttested({ attestation: { trouble, dueSince } }: Rollout, now: Instant): Reason {
  const detail = trouble?.detail ?? 'it was not tried';
  return { code: 'never-attested', detail, after: now - (dueSince ?? now) };
}

function isTidy(rollout: Rollout, observation: Observation, target: string): boolean {
  const reading = readingOf(observation, target);
  if (reading === null || reading.guard.armed !== null || !follows(rollout, target, reading)) return false;
  const kept = keptReleases(rollout, target);
  return reading.running.every(({ release }) => kept.some((keep) => sameRelease(keep, release)));
}
