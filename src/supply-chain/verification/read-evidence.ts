import type { Instant } from '../../core/time.ts';
import { type SupplyChainCode, SupplyChainError } from '../error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { type Manifest, parseManifest } from '../oci/manifest.ts';
import { MEDIA_TYPES } from '../oci/media-types.ts';
import { readAll } from '../oci/read-all.ts';
import type { ImageRepository } from '../oci/repository.ts';
import type { AttachedEvidence, RejectedBundle, VerifiedStatement } from './evidence.ts';
import { knownSigners, type KnownSigners } from './known-signers.ts';
import type { TrustedSigner } from './trust.ts';
import { claimedType, verifyBundle } from './verify-bundle.ts';

/** GitHub takes SBOMs of up to 16 MB, and nobody makes larger statements. */
const LARGEST_BUNDLE = 16 * 1024 * 1024;
/** More attachments than this are a flood: they would take longer to fetch than anybody waits. */
const MOST_ATTACHED = 128;
const AT_ONCE = 8;

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
  { now, signal }: { readonly now: Instant; readonly signal?: AbortSignal | undefined },
): Promise<AttachedEvidence> {
  const known = knownSigners(signers, now);
  const attached = await repository.referrers(image, signal);
  if (attached.length > MOST_ATTACHED) {
    throw new SupplyChainError(
      'TOO_MANY_REFERRERS',
      `${attached.length} manifests are attached to ${image} in ${repository.name}, and at most ${MOST_ATTACHED} are read`,
    );
  }
  const found: (VerifiedStatement | RejectedBundle | null)[] = [];
  for (let index = 0; index < attached.length; index += AT_ONCE) {
    const some = attached.slice(index, index + AT_ONCE);
    found.push(
      ...(await Promise.all(some.map((each) => readOne({ repository, image, known }, each, signal)))),
    );
  }
  const all = found.filter((each) => each !== null);
  return {
    statements: all.filter((each) => 'statement' in each),
    rejected: all.filter((each) => 'code' in each),
  };
}

interface Reading {
  readonly repository: ImageRepository;
  readonly image: Digest;
  readonly known: KnownSigners;
}

/** Null for what is no bundle. The list of referrers is only a list of places to look: its types are not believed. */
async function readOne(
  { repository, image, known }: Reading,
  { digest: referrer }: Descriptor,
  signal: AbortSignal | undefined,
): Promise<VerifiedStatement | RejectedBundle | null> {
  let claimsToBe: string | null = null;
  try {
    const manifest = parseManifest(await repository.manifest(referrer, signal));
    const layer = bundleOf(manifest);
    if (layer === null) return null;
    claimsToBe = manifest.annotations?.['dev.sigstore.bundle.predicateType'] ?? null;
    if (manifest.subject?.digest !== image) {
      throw new SupplyChainError('SUBJECT_MISMATCH', 'it is attached to another image');
    }
    if (layer.size > LARGEST_BUNDLE) throw tooLarge(layer.size);
    const bytes = await readAll(repository.blob(layer, signal), LARGEST_BUNDLE, 'the bundle');
    claimsToBe = claimedType(bytes) ?? claimsToBe;
    return { referrer, bundle: layer.digest, ...verifyBundle(bytes, image, known) };
  } catch (error) {
    if (!(error instanceof SupplyChainError) || OUTAGES.includes(error.code)) throw error;
    return { referrer, code: error.code, detail: error.message, claimsToBe };
  }
}

/** Then it is the repository that fails, and not what is attached. */
const OUTAGES: readonly SupplyChainCode[] = ['REGISTRY_UNAVAILABLE', 'UNAUTHORIZED', 'REDIRECT_REFUSED'];

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
