import type { Attested, DueVerdict } from '../core/attestation.ts';
import type { Rollout } from '../core/rollout.ts';

/** Signs what came of rollouts, and attaches it to the images. */
export interface Notary {
  /** The verdict that was attached for this rollout; null if there is none yet. Cheap. */
  find(rollout: Rollout, due: DueVerdict, signal: AbortSignal): Promise<Attested | null>;
  /**
   * Signs and attaches it. Done twice, the verdict is there twice, and says the same. It is dated by when the rollout ended,
   * and not by when it is signed: a controller that was frozen may sign what another one has overtaken since.
   */
  attest(rollout: Rollout, due: DueVerdict, journalHead: string, signal: AbortSignal): Promise<void>;
}
