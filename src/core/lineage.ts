import { type Release, sameRelease } from './release.ts';
import type { Rollout } from './rollout.ts';

/** Whether it ended without touching anything: it was not let in, or its candidate was stable already. */
export function changedNothing({ phase }: Rollout): boolean {
  if (phase.kind !== 'ended') return false;
  const { kind, reasons } = phase.verdict;
  return kind === 'rejected' || reasons.some(({ code }) => code === 'already-stable');
}

/** Whether a rollout made its candidate stable and left it so. */
export function isPromotion(rollout: Rollout): boolean {
  const { phase } = rollout;
  return phase.kind === 'ended' && phase.verdict.kind === 'promoted' && !changedNothing(rollout);
}

/**
 * The release that was stable before the one that `promotion` made stable; null if there was none. A return to an earlier
 * release found the later one there, so before it is what was there when that earlier release was first promoted.
 */
export function releaseBefore(promotion: Rollout, newestFirst: readonly Rollout[]): Release | null {
  const { candidate, sequence } = promotion;
  const delivery =
    promotion.plan.purpose === 'deliver'
      ? promotion
      : newestFirst.find(
          (each) =>
            each.sequence < sequence &&
            each.plan.purpose === 'deliver' &&
            isPromotion(each) &&
            sameRelease(each.candidate, candidate),
        );
  const home = Object.values(delivery?.targets ?? {}).find((target) => target.home !== null)?.home ?? null;
  return sameRelease(home, candidate) ? null : home;
}
