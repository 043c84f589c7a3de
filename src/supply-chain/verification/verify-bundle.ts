import {
  type Bundle,
  bundleFromJSON,
  BUNDLE_V03_LEGACY_MEDIA_TYPE,
  BUNDLE_V03_MEDIA_TYPE,
  isBundleWithPublicKey,
} from '@sigstore/bundle';
import { type SignedEntity, toSignedEntity, VerificationError } from '@sigstore/verify';
import type { Instant } from '../../core/time.ts';
import { isAbout, parseStatement, STATEMENT_PAYLOAD } from '../attestations/statement.ts';
import { type SupplyChainCode, SupplyChainError } from '../error.ts';
import type { Digest } from '../oci/digest.ts';
import { identityOf, isIdentity, sayIdentity } from './certificate-identity.ts';
import type { VerifiedStatement } from './evidence.ts';
import type { KnownKey, KnownSigners } from './known-signers.ts';

/** What a bundle proves, besides where it was found. */
export type ProvenStatement = Omit<VerifiedStatement, 'referrer' | 'bundle'>;

/** Who signed it. */
type Proof = Omit<ProvenStatement, 'statement'>;

/**
 * Verifies a bundle: that one of the known signers signed it, that it holds an in-toto statement, and that the statement
 * is about the image. Throws a `SupplyChainError` whatever is wrong with it, and nothing else.
 */
export function verifyBundle(bytes: Uint8Array, image: Digest, signers: KnownSigners): ProvenStatement {
  try {
    const bundle = parseBundle(bytes);
    const proof = proveSigner(bundle, signers);
    if (bundle.content.$case !== 'dsseEnvelope') {
      throw new SupplyChainError('PAYLOAD_TYPE', 'it signs a file, and not a statement about an image');
    }
    const { payload, payloadType } = bundle.content.dsseEnvelope;
    if (payloadType !== STATEMENT_PAYLOAD) {
      const said = JSON.stringify(payloadType.slice(0, 100));
      throw new SupplyChainError('PAYLOAD_TYPE', `it holds ${said}, and not an in-toto statement`);
    }
    const statement = parseStatement(payload);
    if (!isAbout(statement, image)) {
      throw new SupplyChainError('SUBJECT_MISMATCH', 'it is about something else than this image');
    }
    return { ...proof, statement };
  } catch (cause) {
    if (cause instanceof SupplyChainError) throw cause;
    throw new SupplyChainError('MALFORMED_BUNDLE', `it cannot be verified: ${sayCause(cause)}`, { cause });
  }
}

/** The type that the statement in a bundle claims to have; null if it cannot be read. Nothing of it has been verified. */
export function claimedType(bytes: Uint8Array): string | null {
  try {
    const bundle = parseBundle(bytes);
    if (bundle.content.$case !== 'dsseEnvelope') return null;
    return parseStatement(bundle.content.dsseEnvelope.payload).predicateType;
  } catch {
    return null;
  }
}

function parseBundle(bytes: Uint8Array): Bundle {
  try {
    return bundleFromJSON(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (cause) {
    throw new SupplyChainError('MALFORMED_BUNDLE', `it is no Sigstore bundle: ${sayCause(cause)}`, { cause });
  }
}

const VERSIONS: readonly string[] = [BUNDLE_V03_MEDIA_TYPE, BUNDLE_V03_LEGACY_MEDIA_TYPE];

function proveSigner(bundle: Bundle, signers: KnownSigners): Proof {
  if (!VERSIONS.includes(bundle.mediaType)) {
    const said = bundle.mediaType.slice(0, 100);
    throw new SupplyChainError('MALFORMED_BUNDLE', `it is ${said}, and only version 0.3 is read`);
  }
  const entity = toSignedEntity(bundle);
  return isBundleWithPublicKey(bundle) ? proveKey(entity, signers) : proveCertificate(entity, signers);
}

/**
 * What a log or a timestamp says about a signature by a key is of no interest: nothing is demanded of it. Bundles may name
 * a key by anything, such as its place in a KMS; then each that is known is tried.
 */
function proveKey(entity: SignedEntity, { keys }: KnownSigners): Proof {
  const hint = entity.key.$case === 'public-key' ? entity.key.hint : '';
  const named = keys.find(({ fingerprint }) => fingerprint === hint);
  const known = named ?? keys.find((key) => isSignedBy(key, entity));
  if (known === undefined) {
    const said = JSON.stringify(hint.slice(0, 100));
    throw new SupplyChainError(
      'UNTRUSTED_SIGNER',
      `it is signed by the key ${said}, which nobody who is trusted has`,
    );
  }
  if (!isSignedBy(known, entity)) {
    throw new SupplyChainError('SIGNATURE_ERROR', 'it names a key that is trusted, which did not sign it');
  }
  const { names, outOfTime, fingerprint } = known;
  if (names.length === 0) {
    throw new SupplyChainError('UNTRUSTED_SIGNER', `its key counts only for ${outOfTime.join('; ')}`);
  }
  return { signers: names, identity: `key ${fingerprint}`, signedAt: null };
}

function isSignedBy({ fingerprint, verifier }: KnownKey, { signature }: SignedEntity): boolean {
  const key = { $case: 'public-key' as const, hint: fingerprint };
  try {
    verifier.verify({ signature, key, timestamps: [], tlogEntries: [] });
    return true;
  } catch (error) {
    if (error instanceof VerificationError && error.code === 'SIGNATURE_ERROR') return false;
    throw error;
  }
}

/** Tries every instance, and when none of them vouches for it, says what says most about why. */
function proveCertificate(entity: SignedEntity, { instances, now }: KnownSigners): Proof {
  const failures: SupplyChainError[] = [];
  for (const { verifier, signers } of instances) {
    try {
      const shown = identityOf(verifier.verify(entity));
      const names = signers.filter(({ identities }) =>
        identities.some((trusted) => isIdentity(shown, trusted)),
      );
      const identity = sayIdentity(shown);
      if (names.length > 0) {
        return { signers: names.map(({ name }) => name), identity, signedAt: timeOf(entity, now) };
      }
      failures.push(
        new SupplyChainError('UNTRUSTED_SIGNER', `it is signed by ${identity}, who is not trusted`),
      );
    } catch (cause) {
      failures.push(
        cause instanceof SupplyChainError
          ? cause
          : new SupplyChainError(codeOf(cause), sayCause(cause), { cause }),
      );
    }
  }
  throw (
    failures.toSorted((a, b) => TELLING.indexOf(a.code) - TELLING.indexOf(b.code))[0] ??
    new SupplyChainError('UNTRUSTED_SIGNER', 'it is signed with a certificate, and only keys are trusted')
  );
}

/** From "verified, but somebody else" to "not even made for this instance". */
const TELLING: readonly SupplyChainCode[] = [
  'UNTRUSTED_SIGNER',
  'TLOG_BODY_ERROR',
  'SIGNATURE_ERROR',
  'TIMESTAMP_ERROR',
  'TLOG_ERROR',
  'CERTIFICATE_ERROR',
  'MALFORMED_BUNDLE',
];

function codeOf(error: unknown): SupplyChainCode {
  if (!(error instanceof VerificationError)) return 'MALFORMED_BUNDLE';
  switch (error.code) {
    case 'TLOG_ERROR':
    case 'TLOG_INCLUSION_PROOF_ERROR':
    case 'TLOG_INCLUSION_PROMISE_ERROR':
    case 'TLOG_MISSING_INCLUSION_ERROR':
      return 'TLOG_ERROR';
    case 'TLOG_BODY_ERROR':
    case 'CERTIFICATE_ERROR':
    case 'SIGNATURE_ERROR':
    case 'TIMESTAMP_ERROR':
      return error.code;
    case 'PUBLIC_KEY_ERROR':
      return 'UNTRUSTED_SIGNER';
    case 'NOT_IMPLEMENTED_ERROR':
      return 'MALFORMED_BUNDLE';
    default:
      return error.code satisfies never;
  }
}

/** How far the clocks of logs and authorities may be ahead of ours. */
const CLOCK_SKEW = 5 * 60_000;

/**
 * The earliest time that a log or a timestamp authority vouches for, which must not be still to come. Called when they have
 * been verified.
 */
function timeOf({ timestamps }: SignedEntity, now: Instant): Instant {
  const times = timestamps.flatMap((each): Instant[] => {
    if (each.$case === 'timestamp-authority') return [each.timestamp.signingTime.getTime()];
    // Only the promise of a log covers its time.
    const { inclusionPromise, integratedTime } = each.tlogEntry;
    return inclusionPromise === undefined ? [] : [Number(integratedTime) * 1000];
  });
  const signedAt = Math.min(...times);
  if (signedAt <= now + CLOCK_SKEW) return signedAt;
  throw new SupplyChainError('TIMESTAMP_ERROR', 'the time at which it was signed is still to come');
}

function sayCause(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.slice(0, 300);
}
