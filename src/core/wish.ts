import { type Release, sameRelease } from './release.ts';
import type { Rollout } from './rollout.ts';
import { home, type Percent, type Traffic } from './traffic.ts';

/** The candidate's weight that the rollout wishes for at present, on the targets that can split. */
export function wishedWeight(rollout: Rollout): Percent {
  const { phase, plan } = rollout;
  switch (phase.kind) {
    case 'progressing':
    case 'held':
      return plan.steps[phase.step]?.weight ?? 0;
    case 'promoting':
      return 100;
    case 'ended':
      return phase.verdict.kind === 'promoted' ? 100 : 0;
    case 'gating':
    case 'preparing':
    case 'rolling-back':
      return 0;
    default:
      return phase satisfies never;
  }
}

/** The stable release that was found on the target at the start. */
export function homeRelease(rollout: Rollout, target: string): Release | null {
  return rollout.targets?.[target]?.home ?? null;
}

/** Whether traffic can be split on the target: it has a stable release, and that is not the candidate. */
export function canSplit(rollout: Rollout, target: string): boolean {
  const stable = homeRelease(rollout, target);
  return stable !== null && !sameRelease(stable, rollout.candidate);
}

/** Whether the candidate was stable on every target before the rollout began. */
export function isStable(rollout: Rollout): boolean {
  return rollout.plan.targets.every(({ name }) => sameRelease(homeRelease(rollout, name), rollout.candidate));
}

/** How the target shall split its traffic now; null while the rollout has no say yet. */
export function wishedTraffic(rollout: Rollout, target: string): Traffic | null {
  const stable = homeRelease(rollout, target);
  const { phase, candidate, plan } = rollout;
  if (rollout.targets === null || phase.kind === 'gating') return null;
  if (phase.kind === 'promoting' || (phase.kind === 'ended' && phase.verdict.kind === 'promoted')) {
    const until = phase.kind === 'ended' ? phase.settlesAt : rollout.lastTurnAt + plan.rollbackWindow;
    return canSplit(rollout, target) && stable !== null
      ? { ...home(candidate), spare: { release: stable, until } }
      : home(candidate);
  }
  if (phase.kind === 'ended' || phase.kind === 'rolling-back' || sameRelease(stable, candidate)) {
    return home(stable);
  }
  return { stable, candidate, weight: stable === null ? 0 : wishedWeight(rollout) };
}

/** Where the guard shall take the target: to stable, or, once promotion is decided, to the new stable. */
export function guardHome(rollout: Rollout, target: string): Traffic {
  return home(rollout.phase.kind === 'promoting' ? rollout.candidate : homeRelease(rollout, target));
}

/** The releases that the target shall keep running now. */
export function keptReleases(rollout: Rollout, target: string): readonly Release[] {
  const { phase, candidate } = rollout;
  const stable = homeRelease(rollout, target);
  const both = stable === null ? [candidate] : [stable, candidate];
  switch (phase.kind) {
    case 'ended':
      if (phase.verdict.kind !== 'promoted') return stable === null ? [] : [stable];
      return rollout.lastTurnAt < phase.settlesAt ? both : [candidate];
    case 'rolling-back':
      return rollout.targets?.[target]?.steadySince === null ? both : stable === null ? [] : [stable];
    case 'gating':
    case 'preparing':
    case 'progressing':
    case 'held':
    case 'promoting':
      return both;
    default:
      return phase satisfies never;
  }
}
