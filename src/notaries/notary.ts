import type { Attested, DueVerdict } from '../core/attestation.ts';
import type { Rollout } from '../core/rollout.ts';

/**
 * Signs what came of rollouts, and attaches it to the images. A verdict is dated by the end of its rollout and not by when it
 * was signed: one that comes late must not seem newer than that of a later end.
 */
export interface Notary {
  /** The verdict that was attached for this rollout; null if there is none yet. Cheap. */
  find(rollout: Rollout, due: DueVerdict, signal: AbortSignal): Promise<Attested | null>;
  /** Signs and attaches it. Done twice, the verdict is there twice, and says the same. */
  attest(rollout: Rollout, due: DueVerdict, journalHead: string, signal: AbortSignal): Promise<void>;
}
