import {
  PolicyError,
  toTrustMaterial,
  VerificationError,
  Verifier,
  type SignedEntity,
  type Signer,
} from '@sigstore/verify';
import type { Instant } from '../../core/time.ts';
import { messageOf, type SupplyChainCode } from '../error.ts';
import { differenceTo, sayIdentity } from './identity.ts';
import { refused, type Outcome, type Refused } from './outcome.ts';
import type { ReadBundle } from './sigstore-bundle.ts';
import { parseTrustedRoot } from './trusted-root.ts';
import type { KeylessSigner } from './trust.ts';

/** How far the clocks of logs and timestamp authorities may be ahead of ours. */
const CLOCK_SKEW = 5 * 60_000;

/**
 * Makes the check for somebody who signs with certificates of a Sigstore: chain, logs and timestamps by the trusted
 * root, then who it is. Throws `BAD_TRUST`.
 */
export function keylessCheck(signer: KeylessSigner, now: Instant): (bundle: ReadBundle) => Outcome {
  const { log, certificateLog, timestamp } = signer.thresholds;
  const verifier = new Verifier(toTrustMaterial(parseTrustedRoot(signer.trustedRoot, signer.name)), {
    tlogThreshold: log,
    ctlogThreshold: certificateLog,
    timestampThreshold: Math.max(1, timestamp),
  });
  return ({ entity }) => {
    const shown = verify(verifier, entity);
    if ('kind' in shown) return shown;
    const signedAt = earliest(entity);
    if (signedAt > now + CLOCK_SKEW) {
      return refused('TIMESTAMP_ERROR', `it is signed in the future: ${say(signedAt)}`, 'another');
    }
    return identify(signer, shown.identity ?? {}, signedAt);
  };
}

function identify(
  { identities }: KeylessSigner,
  shown: NonNullable<Signer['identity']>,
  signedAt: Instant,
): Outcome {
  const differences = identities.map((identity) => differenceTo(identity, shown));
  if (differences.includes(null)) return { kind: 'trusted', identity: sayIdentity(shown), signedAt };
  return refused('UNTRUSTED_SIGNER', differences.join('; '), 'another');
}

/** The libraries throw errors of their own, and with some bundles those of the language. */
function verify(verifier: Verifier, entity: SignedEntity): Signer | Refused {
  try {
    return verifier.verify(entity);
  } catch (error) {
    const isTheirs = error instanceof VerificationError || error instanceof PolicyError;
    if (!isTheirs) return refused('MALFORMED_BUNDLE', messageOf(error), 'stranger');
    const code = CODES[error.code];
    return refused(code, messageOf(error), code === 'CERTIFICATE_ERROR' ? 'stranger' : 'broken');
  }
}

const CODES: Readonly<Record<(VerificationError | PolicyError)['code'], SupplyChainCode>> = {
  CERTIFICATE_ERROR: 'CERTIFICATE_ERROR',
  NOT_IMPLEMENTED_ERROR: 'MALFORMED_BUNDLE',
  PUBLIC_KEY_ERROR: 'UNTRUSTED_SIGNER',
  SIGNATURE_ERROR: 'SIGNATURE_ERROR',
  TIMESTAMP_ERROR: 'TIMESTAMP_ERROR',
  TLOG_BODY_ERROR: 'TLOG_BODY_ERROR',
  TLOG_ERROR: 'TLOG_ERROR',
  TLOG_INCLUSION_PROMISE_ERROR: 'TLOG_ERROR',
  TLOG_INCLUSION_PROOF_ERROR: 'TLOG_ERROR',
  TLOG_MISSING_INCLUSION_ERROR: 'TLOG_ERROR',
  UNTRUSTED_SIGNER_ERROR: 'UNTRUSTED_SIGNER',
};

/** The first time at which the signature was there, of those that were verified. The time of an entry counts when the log has signed it. */
function earliest({ timestamps }: SignedEntity): Instant {
  const instants = timestamps.flatMap((each): number[] => {
    if (each.$case === 'timestamp-authority') return [each.timestamp.signingTime.getTime()];
    const { inclusionPromise, integratedTime } = each.tlogEntry;
    return inclusionPromise === undefined ? [] : [Number(integratedTime) * 1000];
  });
  return Math.min(...instants);
}

function say(instant: Instant): string {
  return new Date(instant).toISOString();
}
