import type { Move } from './move.ts';
import { toRollingBack } from './move.ts';
import type { Reason } from '../reason.ts';
import type { Rollout } from '../rollout.ts';
import type { Instant, Milliseconds } from '../time.ts';

/** What a phase comes to: a move to another one, or what it waits for. */
export type Progress = Move | { readonly to: null; readonly waitingFor: readonly Reason[] };

/** Stays in the phase. */
export function stay(waitingFor: readonly Reason[]): Progress {
  return { to: null, waitingFor };
}

export function targetNames(rollout: Rollout): readonly string[] {
  return rollout.plan.targets.map((target) => target.name);
}

/** The targets whose traffic is not verified as wished. */
export function unsteady(rollout: Rollout): readonly string[] {
  return targetNames(rollout).filter((name) => (rollout.targets?.[name]?.steadySince ?? null) === null);
}

/** The targets on which the release at home cannot be started. A rollback says so where it waits for them. */
export function homeTroubles({ targets, phase }: Rollout): readonly Reason[] {
  if (phase.kind === 'rolling-back' || phase.kind === 'ended') return [];
  return Object.entries(targets ?? {}).flatMap(([target, { homeTrouble }]): Reason[] =>
    (homeTrouble ?? null) === null ? [] : [{ code: 'stable-down', target, detail: homeTrouble ?? '' }],
  );
}

/** Waits for targets that have not followed; past the limit all of them go back. */
export function awaitTargets(
  rollout: Rollout,
  behind: readonly string[],
  watched: Milliseconds,
  now: Instant,
): Progress {
  const reasons = behind.map((target): Reason => {
    const state = rollout.targets?.[target];
    const detail = state?.outage?.error ?? state?.refusal ?? 'its traffic is not as wished';
    return { code: 'did-not-follow', target, detail, after: watched };
  });
  const late = watched > rollout.plan.limits.follow;
  return late ? toRollingBack({ kind: 'aborted', reasons }, now) : stay(reasons);
}
