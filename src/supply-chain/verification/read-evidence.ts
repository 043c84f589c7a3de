import type { EvidenceUsed } from '../../core/permission/admission.ts';
import type { Instant } from '../../core/time.ts';
import { type SupplyChainCode, SupplyChainError } from '../error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, parseDigest } from '../oci/digest.ts';
import { type Manifest, parseManifest } from '../oci/manifest.ts';
import { MEDIA_TYPES } from '../oci/media-types.ts';
import { readAll } from '../oci/read-all.ts';
import { MOST_REFERRERS, type ImageRepository } from '../oci/repository.ts';
import type { AttachedEvidence, RejectedBundle, VerifiedStatement } from './evidence.ts';
import { knownSigners, type KnownSigners } from './known-signers.ts';
import type { TrustedSigner } from './trust.ts';
import { claimedType, verifyBundle } from './verify-bundle.ts';

/** GitHub takes SBOMs of up to 16 MB, and nobody makes larger statements. */
const LARGEST_BUNDLE = 16 * 1024 * 1024;
/** More bytes of attachments than this are a flood: they would take longer to fetch than anybody waits. */
const MOST_BYTES = 256 * 1024 * 1024;
const AT_ONCE = 8;

/** By when keys are judged, and what ends the reading. */
export interface ReadOptions {
  readonly now: Instant;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads and verifies every bundle that is attached to an image. What cannot be believed is in `rejected`, each with its
 * reason; attachments of other kinds are passed over. Offline but for the repository. Throws `BAD_TRUST`,
 * `TOO_MANY_REFERRERS`, and what a repository throws that cannot be read (`REGISTRY_UNAVAILABLE`, `UNAUTHORIZED`,
 * `REDIRECT_REFUSED`): then it is not known what is attached.
 */
export async function readEvidence(
  repository: ImageRepository,
  image: Digest,
  signers: readonly TrustedSigner[],
  { now, signal }: ReadOptions,
): Promise<AttachedEvidence> {
  const known = knownSigners(signers, now);
  const attached = await repository.referrers(image, signal);
  if (attached.length > MOST_REFERRERS) throw flood(repository, image, `${attached.length} manifests`);
  const places = attached.map(({ digest }) => ({ referrer: digest, bundle: null }));
  return readAt(places, { repository, image, known, signal });
}

/** Digests of evidence that is known: of the manifest that attaches it, and of the bundle itself. */
export type Pin = Pick<EvidenceUsed, 'referrer' | 'bundle'>;

/**
 * The same for evidence whose digests are known from an admission. The list of referrers is not asked for, so that nobody
 * who can attach things keeps it from being read. What is gone is rejected with `NOT_FOUND`, another bundle than the one
 * that is meant with `DIGEST_MISMATCH`. Throws `BAD_REFERENCE` when a pin is no digest.
 */
export async function readPinned(
  repository: ImageRepository,
  image: Digest,
  pins: readonly Pin[],
  signers: readonly TrustedSigner[],
  { now, signal }: ReadOptions,
): Promise<AttachedEvidence> {
  const places = pins.map(({ referrer, bundle }) => ({
    referrer: parseDigest(referrer),
    bundle: parseDigest(bundle),
  }));
  return readAt(places, { repository, image, known: knownSigners(signers, now), signal });
}

/** Where to look, and for which bundle; null for whichever is there. */
interface Place {
  readonly referrer: Digest;
  readonly bundle: Digest | null;
}

interface Reading {
  readonly repository: ImageRepository;
  readonly image: Digest;
  readonly known: KnownSigners;
  readonly signal: AbortSignal | undefined;
}

async function readAt(places: readonly Place[], reading: Reading): Promise<AttachedEvidence> {
  const { repository, image } = reading;
  const found: (VerifiedStatement | RejectedBundle | null)[] = [];
  let bytes = 0;
  const spend = (size: number) => {
    bytes += size;
    if (bytes > MOST_BYTES) throw flood(repository, image, `more than ${MOST_BYTES} bytes`);
  };
  for (let index = 0; index < places.length; index += AT_ONCE) {
    const some = places.slice(index, index + AT_ONCE);
    found.push(...(await Promise.all(some.map((place) => readOne(reading, place, spend)))));
  }
  const all = found.filter((each) => each !== null);
  return {
    statements: all.filter((each) => 'statement' in each),
    rejected: all.filter((each) => 'code' in each),
  };
}

/** Null for what is no bundle. The list of referrers is only a list of places to look: its types are not believed. */
async function readOne(
  { repository, image, known, signal }: Reading,
  { referrer, bundle }: Place,
  spend: (bytes: number) => void,
): Promise<VerifiedStatement | RejectedBundle | null> {
  let claimsToBe: string | null = null;
  try {
    const manifest = parseManifest(await repository.manifest(referrer, signal));
    const layer = bundleOf(manifest);
    if (bundle !== null && layer?.digest !== bundle) {
      throw new SupplyChainError('DIGEST_MISMATCH', `it does not hold the bundle ${bundle}`);
    }
    if (layer === null) return null;
    claimsToBe = manifest.annotations?.['dev.sigstore.bundle.predicateType']?.slice(0, 512) ?? null;
    if (manifest.subject?.digest !== image) {
      throw new SupplyChainError('SUBJECT_MISMATCH', 'it is attached to another image');
    }
    if (layer.size > LARGEST_BUNDLE) throw tooLarge(layer.size);
    spend(layer.size);
    const bytes = await readAll(repository.blob(layer, signal), LARGEST_BUNDLE, 'the bundle');
    claimsToBe = claimedType(bytes) ?? claimsToBe;
    return { referrer, bundle: layer.digest, ...verifyBundle(bytes, image, known) };
  } catch (error) {
    if (!(error instanceof SupplyChainError) || NOT_ITS_OWN.includes(error.code)) throw error;
    return { referrer, code: error.code, detail: error.message, claimsToBe };
  }
}

/** Then it is the repository that fails, or all that is attached, and not this one piece. */
const NOT_ITS_OWN: readonly SupplyChainCode[] = [
  'REGISTRY_UNAVAILABLE',
  'UNAUTHORIZED',
  'REDIRECT_REFUSED',
  'TOO_MANY_REFERRERS',
];

const BUNDLE = /^application\/vnd\.dev\.sigstore\.bundle(\.v\d+\.\d+)?\+json/;

function bundleOf({ layers, artifactType }: Manifest): Descriptor | null {
  const [layer] = layers;
  if (layers.length !== 1 || layer === undefined) return null;
  const isBundle = BUNDLE.test(layer.mediaType) || artifactType === MEDIA_TYPES.bundle;
  return isBundle ? layer : null;
}

function tooLarge(size: number): SupplyChainError {
  return new SupplyChainError('TOO_LARGE', `it has ${size} bytes, and at most ${LARGEST_BUNDLE} are read`);
}

function flood({ name }: ImageRepository, image: Digest, what: string): SupplyChainError {
  return new SupplyChainError(
    'TOO_MANY_REFERRERS',
    `${what} are attached to ${image} in ${name}, which is more than is ever read (${MOST_REFERRERS} manifests, ${MOST_BYTES} bytes)`,
  );
}
