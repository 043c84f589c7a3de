import type { decide } from '../../src/core/decide.ts';
import type { Decision } from '../../src/core/decision.ts';
import type { Observation } from '../../src/core/observation.ts';
import type { Rollout } from '../../src/core/rollout.ts';
import type { Store } from '../../src/stores/store.ts';

/** A decision that was written down, and what it was made from. */
export interface Witnessed {
  readonly before: Rollout;
  readonly seen: Observation;
  readonly decision: Decision;
}

/** Sees every decision that is written down, also those of controllers that die before they hear of it. */
export interface Witness {
  readonly watched: (judge: typeof decide) => typeof decide;
  readonly watchedStore: (store: Store) => Store;
}

export function witness(tell: (witnessed: Witnessed) => void): Witness {
  const made = new WeakMap<Rollout, Witnessed>();
  return {
    watched: (judge) => (before, seen, now) => {
      const decision = judge(before, seen, now);
      made.set(decision.rollout, { before, seen, decision });
      return decision;
    },
    watchedStore: (store) => ({
      ...store,
      async commit(decisions) {
        const results = await store.commit(decisions);
        for (const [index, { rollout }] of decisions.entries()) {
          const witnessed = made.get(rollout);
          if (results[index] === 'committed' && witnessed !== undefined) tell(witnessed);
        }
        return results;
      },
    }),
  };
}
