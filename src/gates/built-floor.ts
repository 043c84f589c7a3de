import type { Rollout } from '../core/rollout.ts';
import type { Instant } from '../core/time.ts';
import type { RolloutFilter } from '../stores/store.ts';

/** So many promotions are looked back. Older ones brought older images. */
const LOOK_BACK = 200;

/** Finds when the newest image was built that was promoted by its evidence; null where there was none. */
export function builtFloor(
  list: (filter: RolloutFilter) => Promise<readonly Rollout[]>,
): (service: string, environment: string) => Promise<Instant | null> {
  return async (service, environment) => {
    const rollouts = await list({ service, environment, verdict: 'promoted', limit: LOOK_BACK });
    const built = rollouts.flatMap(({ phase, admission }) =>
      phase.kind === 'ended' && phase.verdict.kind === 'promoted' ? (admission?.builtAt ?? []) : [],
    );
    return built.length === 0 ? null : Math.max(...built);
  };
}
