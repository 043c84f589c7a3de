import { sayReason } from '../core/reason.ts';
import type { Block } from '../stores/store.ts';
import type { Gate } from './gate.ts';

/** Closed for a digest that was rolled back in the same environment, until somebody lifts the block. */
export function blockedGate(
  blocks: (service: string, environment: string) => Promise<readonly Block[]>,
): Gate {
  return {
    name: 'blocked digests',
    async ask({ service, environment, candidate }) {
      const block = (await blocks(service, environment)).find(({ digest }) => digest === candidate.digest);
      if (block === undefined) return { gate: 'blocked digests', kind: 'open' };
      const why = block.reasons.map(sayReason).join('; ');
      return {
        gate: 'blocked digests',
        kind: 'closed',
        detail: `${candidate.name} was rolled back here by ${block.rollout} (${why}); \`canary unblock ${candidate.name} --env ${environment}\` lets it in again`,
      };
    },
  };
}
