import type { Clock } from '../../../clock/clock.ts';
import type { Milliseconds } from '../../../core/time.ts';
import { SupplyChainError } from '../../error.ts';
import type { Limits } from './limits.ts';
import { RegistryBusy, waitAskedFor } from './refusal.ts';

/**
 * Does it again while the registry is unavailable, after longer and longer waits, or after as long as it asks for. Only
 * for what may be done twice. Rejects with what the last attempt failed with.
 */
export async function patiently<T>(
  attempt: () => Promise<T>,
  { clock, limits }: { readonly clock: Clock; readonly limits: Limits },
  signal?: AbortSignal,
): Promise<T> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await attempt();
    } catch (error) {
      const isWorthwhile = error instanceof SupplyChainError && error.code === 'REGISTRY_UNAVAILABLE';
      if (!isWorthwhile || attempts >= limits.attempts) throw error;
      const asked = error instanceof RegistryBusy ? waitAskedFor(error, clock.now()) : null;
      await clock.wait(waitBefore(attempts, asked, limits), signal);
      signal?.throwIfAborted();
    }
  }
}

function waitBefore(attempts: number, asked: Milliseconds | null, limits: Limits): Milliseconds {
  return Math.min(asked ?? limits.firstWait * 2 ** (attempts - 1), limits.longestWait);
}
