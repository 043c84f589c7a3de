import type { Attested, DueVerdict } from '../../src/core/attestation.ts';
import type { Rollout } from '../../src/core/rollout.ts';
import type { Instant } from '../../src/core/time.ts';
import type { Notary } from '../../src/notaries/notary.ts';

/** A verdict as it hangs on an image. */
export interface AttachedVerdict {
  readonly rollout: string;
  readonly environment: string;
  /** Of the image that it is about. */
  readonly digest: string;
  readonly result: DueVerdict['result'];
  /** When the rollout ended, by which verdicts are ordered. */
  readonly at: Instant;
}

/** Attaches verdicts to images that do not exist. */
export interface SimulatedNotary extends Notary {
  /** The truth: all that was ever attached, in that order. */
  readonly verdicts: readonly AttachedVerdict[];
}

export function simulatedNotary(): SimulatedNotary {
  const verdicts: AttachedVerdict[] = [];
  return {
    verdicts,
    async find({ id }, { release, result }) {
      const index = verdicts.findIndex(
        (each) => each.rollout === id && each.digest === release.digest && each.result === result,
      );
      return index < 0 ? null : attachedAs(index, result);
    },
    async attest(rollout, { release, result }) {
      verdicts.push({
        rollout: rollout.id,
        environment: rollout.environment,
        digest: release.digest,
        result,
        at: endOf(rollout),
      });
    },
  };
}

function attachedAs(index: number, result: Attested['result']): Attested {
  const digest = `sha256:${String(index).padStart(64, '0')}`;
  return { result, referrer: digest, bundle: digest };
}

function endOf({ id, phase }: Rollout): Instant {
  if (phase.kind !== 'ended') throw new Error(`${id} has not ended, and there is a verdict already`);
  return phase.at;
}
