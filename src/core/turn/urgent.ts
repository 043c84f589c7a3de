import { onFailureOf } from '../judging/judge.ts';
import { readingOf, runningCandidate } from '../look.ts';
import { toHeld, toRollingBack, type Move } from './move.ts';
import type { Observation } from '../observation.ts';
import { targetNames } from './progress.ts';
import type { Reason } from '../reason.ts';
import { sameRelease } from '../release.ts';
import type { Rollout } from '../rollout.ts';
import type { Instant } from '../time.ts';
import { canSplit, homeRelease } from '../wish.ts';

/** Bad news that does not wait for the end of a step: the move it calls for, or null. `clock` may have been set back. */
export function heedBadNews(rollout: Rollout, observation: Observation, clock: Instant): Move | null {
  const { phase, lastTurnAt: now } = rollout;
  if (phase.kind !== 'progressing' && phase.kind !== 'held' && phase.kind !== 'promoting') return null;
  const bad = [...broken(rollout, observation), ...failedChecks(rollout, 'rollback')];
  const isGuilty = bad.some(({ code }) => code !== 'check-failed-alone' && code !== 'does-not-start');
  if (isGuilty) return toRollingBack({ kind: 'rolled back', reasons: bad }, now);
  const unclear = [...bad, ...blindTargets(rollout), ...unmeasured(rollout, clock)];
  if (unclear.length > 0) return toRollingBack({ kind: 'aborted', reasons: unclear }, now);
  const doubtful = phase.kind === 'progressing' ? failedChecks(rollout, 'hold') : [];
  return phase.kind === 'progressing' && doubtful.length > 0 ? toHeld(phase.step, now, doubtful) : null;
}

/** Targets on which the candidate is down, or cannot be started any more, while stable is up, or is not what was asked for. */
function broken(rollout: Rollout, observation: Observation): readonly Reason[] {
  return targetNames(rollout).flatMap((target): Reason[] => {
    const reading = readingOf(observation, target);
    if (reading === null) return [];
    const candidate = runningCandidate(rollout, observation, target);
    if (candidate !== null && candidate.digest !== rollout.candidate.digest) {
      return [{ code: 'wrong-digest', target, wanted: rollout.candidate.digest, running: candidate.digest }];
    }
    if (!canSplit(rollout, target)) return [];
    const stable = reading.running.find(({ release }) => sameRelease(release, homeRelease(rollout, target)));
    if (stable === undefined || stable.healthy === 0) return [];
    if (candidate?.failed === true) {
      return [{ code: 'does-not-start', target, detail: candidate.trouble ?? 'no reason given' }];
    }
    const isDown = candidate === null || candidate.healthy === 0;
    if (!isDown) return [];
    return [{ code: 'candidate-down', target, detail: candidate?.trouble ?? 'no healthy instance is left' }];
  });
}

function failedChecks(rollout: Rollout, onFailure: 'rollback' | 'hold'): readonly Reason[] {
  if (rollout.phase.kind === 'promoting') return [];
  return rollout.findings
    .filter((finding) => finding.kind === 'fail' && onFailureOf(rollout, finding) === onFailure)
    .map((finding) => finding.reason);
}

function blindTargets(rollout: Rollout): readonly Reason[] {
  return targetNames(rollout).flatMap((target): Reason[] => {
    const outage = rollout.targets?.[target]?.outage ?? null;
    return outage !== null && outage.watched > rollout.plan.limits.blind
      ? [{ code: 'blind', target, detail: outage.error, after: outage.watched }]
      : [];
  });
}

/** Nothing can be measured in time that has been before. */
function unmeasured(rollout: Rollout, clock: Instant): readonly Reason[] {
  const behind = rollout.lastTurnAt - clock;
  if (behind <= rollout.plan.limits.blind) return [];
  const detail = "this machine's clock was set back, so that nothing can be measured until it has caught up";
  return targetNames(rollout).map((target) => ({ code: 'blind', target, detail, after: behind }));
}
