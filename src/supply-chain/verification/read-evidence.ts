import type { EvidenceUsed } from '../../core/admission.ts';
import type { Instant } from '../../core/time.ts';
import { SupplyChainError } from '../error.ts';
import { parseDigest, type Digest } from '../oci/digest.ts';
import { readAll } from '../oci/read-all.ts';
import type { ImageRepository } from '../oci/repository.ts';
import { findBundle, isAboutContent, type BundlePlace } from './attached-bundle.ts';
import { mapAtMost } from './at-most.ts';
import type { AttachedEvidence, RejectedBundle, VerifiedStatement } from './evidence.ts';
import { claimOf } from './sigstore-bundle.ts';
import type { TrustedSigner } from './trust.ts';
import { bundleVerifier, type BundleVerifier } from './verify-bundle.ts';

/** How much evidence is read of one image, so that whoever may attach things cannot keep us busy. */
export interface EvidenceLimits {
  /** Manifests. */
  readonly referrers: number;
  /** Bytes of one bundle, and of all together. */
  readonly bundle: number;
  readonly total: number;
  /** Requests at once. */
  readonly atOnce: number;
}

export const EVIDENCE_LIMITS: EvidenceLimits = {
  referrers: 256,
  bundle: 16 * 1024 * 1024,
  total: 256 * 1024 * 1024,
  atOnce: 4,
};

export interface EvidenceOptions {
  /** By which keys count or do not, and what is signed in the future is refused. */
  readonly now: Instant;
  readonly limits?: EvidenceLimits;
}

/**
 * Everything that is attached to an image, each piece verified or with the reason why not. Only bundles that are attached
 * to it in its own repository are read. Rejects when the registry cannot be read, with `TOO_MANY_REFERRERS` when there
 * is more than is ever read, and with `BAD_TRUST`; never for what is in a bundle.
 */
export async function readEvidence(
  repository: ImageRepository,
  image: Digest,
  signers: readonly TrustedSigner[],
  { now, limits = EVIDENCE_LIMITS }: EvidenceOptions,
  signal?: AbortSignal,
): Promise<AttachedEvidence> {
  const verify = bundleVerifier(signers, now);
  const found = await repository.referrers(image, signal);
  const referrers = [...new Set(found.map(({ digest }) => digest))].toSorted();
  if (referrers.length > limits.referrers) throw flood(image, `${referrers.length} manifests`);
  const findings = await mapAtMost(limits.atOnce, referrers, (referrer) =>
    orRejected(referrer, null, () => findBundle(repository, image, referrer, signal)),
  );
  const places = findings.filter((finding) => finding !== null);
  const total = places.reduce((sum, place) => sum + sizeToRead(place, limits), 0);
  if (total > limits.total) throw flood(image, `bundles of ${total} bytes`);
  return sorted(
    await mapAtMost(limits.atOnce, places, async (place) =>
      'code' in place ? place : verifyAt({ repository, image, limits, verify }, place, signal),
    ),
  );
}

/** Digests of a manifest and of the bundle that it attaches. */
export type Pin = Pick<EvidenceUsed, 'referrer' | 'bundle'>;

/**
 * The same for evidence whose digests are known, from the record of an admission. Asks for nothing else, so that others
 * attaching things changes nothing. What is gone is rejected with `NOT_FOUND`, what is another bundle with
 * `DIGEST_MISMATCH`.
 */
export async function readPinned(
  repository: ImageRepository,
  image: Digest,
  pins: readonly Pin[],
  signers: readonly TrustedSigner[],
  { now, limits = EVIDENCE_LIMITS }: EvidenceOptions,
  signal?: AbortSignal,
): Promise<AttachedEvidence> {
  const reading = { repository, image, limits, verify: bundleVerifier(signers, now) };
  const digests = pins.map((pin) => ({
    referrer: parseDigest(pin.referrer),
    bundle: parseDigest(pin.bundle),
  }));
  return sorted(
    await mapAtMost(limits.atOnce, digests, async ({ referrer, bundle }) => {
      const place = await orRejected(referrer, null, async () =>
        pinnedPlace(await findBundle(repository, image, referrer, signal), bundle),
      );
      return 'code' in place ? place : verifyAt(reading, place, signal);
    }),
  );
}

function pinnedPlace(place: BundlePlace | null, bundle: Digest): BundlePlace {
  if (place?.layer.digest === bundle) return place;
  const found = place === null ? 'no bundle' : `the bundle ${place.layer.digest}`;
  throw new SupplyChainError('DIGEST_MISMATCH', `it holds ${found}, not ${bundle}`);
}

interface Reading {
  readonly repository: ImageRepository;
  readonly image: Digest;
  readonly limits: EvidenceLimits;
  readonly verify: BundleVerifier;
}

async function verifyAt(
  { repository, image, limits, verify }: Reading,
  { referrer, layer, claim }: BundlePlace,
  signal?: AbortSignal,
): Promise<VerifiedStatement | RejectedBundle> {
  return orRejected(referrer, claim, async () => {
    if (layer.size > limits.bundle) {
      throw new SupplyChainError('TOO_LARGE', `the bundle is larger than ${limits.bundle} bytes`);
    }
    const bytes = await readAll(repository.blob(layer, signal), limits.bundle, 'the bundle');
    const result = verify(bytes, image);
    if (result.kind === 'refused') {
      const { code, detail } = result;
      return { referrer, code, detail, claimsToBe: claimOf(bytes) ?? claim };
    }
    const { signers, identity, signedAt, statement } = result;
    return { referrer, bundle: layer.digest, signers, identity, signedAt, statement };
  });
}

/** What is wrong with the content becomes a rejection of this one piece; what is wrong with the registry goes on. */
async function orRejected<Result>(
  referrer: Digest,
  claimsToBe: string | null,
  read: () => Promise<Result>,
): Promise<Result | RejectedBundle> {
  try {
    return await read();
  } catch (error) {
    if (!isAboutContent(error)) throw error;
    return { referrer, code: error.code, detail: error.message, claimsToBe };
  }
}

/** What is too large is not read at all. */
function sizeToRead(place: BundlePlace | RejectedBundle, limits: EvidenceLimits): number {
  return 'code' in place || place.layer.size > limits.bundle ? 0 : place.layer.size;
}

function sorted(results: readonly (VerifiedStatement | RejectedBundle)[]): AttachedEvidence {
  return {
    statements: results.filter((result) => 'statement' in result),
    rejected: results.filter((result) => 'code' in result),
  };
}

function flood(image: Digest, what: string): SupplyChainError {
  return new SupplyChainError(
    'TOO_MANY_REFERRERS',
    `${what} are attached to ${image}, which is more than is read: remove what does not belong there`,
  );
}
