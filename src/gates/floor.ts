import type { GateAnswer } from '../core/observation.ts';
import type { Rollout } from '../core/rollout.ts';
import type { RolloutFilter, Store } from '../stores/store.ts';
import { refusal } from '../supply-chain/policy/refusal-codes.ts';
import type { Gate } from './gate.ts';

const NAME = 'floor';

/**
 * Closed for an image that was stable here and has been replaced by a newer one since. It has kept all its signatures, so
 * that nothing but the engine's memory keeps anybody from bringing it back, with its known holes. Who wants it back orders
 * a return. What a return replaced lies not below the floor: deliveries raise it, and returns do not.
 *
 * Images that were built earlier than the one that is here are a matter of their provenance, and of the gate that reads it.
 */
export function floorGate(store: Pick<Store, 'list'>): Gate {
  return {
    name: NAME,
    async ask(rollout) {
      const { candidate, plan } = rollout;
      if (candidate.artifact.kind !== 'image' || plan.purpose === 'return')
        return { gate: NAME, kind: 'open' };
      const replacement = await replacementOf(store, rollout);
      return replacement === undefined ? { gate: NAME, kind: 'open' } : shut(rollout, replacement);
    },
  };
}

/** The latest delivery here of something else, after the candidate had been promoted. */
async function replacementOf(
  store: Pick<Store, 'list'>,
  { service, environment, candidate }: Rollout,
): Promise<Rollout | undefined> {
  const promoted: RolloutFilter = { service, environment, verdict: 'promoted' };
  const [before] = await store.list({ ...promoted, digest: candidate.digest, limit: 1 });
  if (before === undefined) return undefined;
  // Only what came after it is of interest, and the newest are listed first.
  const deliveries = await store.list(promoted);
  return deliveries.find(
    (each) =>
      each.sequence > before.sequence &&
      each.plan.purpose === 'deliver' &&
      each.candidate.digest !== candidate.digest,
  );
}

function shut({ candidate, environment }: Rollout, replacement: Rollout): GateAnswer {
  const detail = `${candidate.name} was stable in ${environment} before, and ${replacement.id} has replaced it by ${replacement.candidate.name}`;
  return { gate: NAME, kind: 'closed', detail, refusals: [refusal('ROLLBACK', detail)] };
}
