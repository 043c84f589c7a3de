import type { Attested, DueVerdict } from '../../src/core/attestation.ts';
import type { Instant, Window } from '../../src/core/time.ts';
import type { Notary } from '../../src/notaries/notary.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** A verdict as it lies beside the image. */
export interface StoredVerdict extends Attested {
  readonly rollout: string;
  readonly digest: string;
  /** When the rollout ended so, by which verdicts are told apart. */
  readonly at: Instant;
}

/** A registry for verdicts, which can be away. */
export interface SimulatedNotary {
  readonly notary: Notary;
  readonly stored: readonly StoredVerdict[];
  /** Whether it never takes anything. */
  readonly isBroken: boolean;
}

export function simulatedNotary(clock: VirtualClock, outage: Window, isBroken: boolean): SimulatedNotary {
  const stored: StoredVerdict[] = [];

  function check(): void {
    const isAway = clock.now() >= outage.from && clock.now() < outage.to;
    if (isBroken || isAway) throw new Error('the registry answered 503');
  }

  const isSame =
    ({ release, result }: DueVerdict, id: string) =>
    (each: StoredVerdict) =>
      each.rollout === id && each.result === result && each.digest === release.digest;
  return {
    stored,
    isBroken,
    notary: {
      async find({ id }, due) {
        check();
        return stored.find(isSame(due, id)) ?? null;
      },
      async attest({ id }, { release, result, at }) {
        check();
        const number = String(stored.length);
        stored.push({ rollout: id, digest: release.digest, at, result, referrer: number, bundle: number });
      },
    },
  };
}
