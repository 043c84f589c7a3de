import { SupplyChainError, type SupplyChainCode } from '../error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { parseManifest, type Manifest } from '../oci/manifest.ts';
import type { ImageRepository } from '../oci/repository.ts';

/** How the media types of all versions of bundles begin. */
const BUNDLE = 'application/vnd.dev.sigstore.bundle';

/** Where the bundle is that a manifest attaches to an image. */
export interface BundlePlace {
  readonly referrer: Digest;
  readonly layer: Descriptor;
  /** What the manifest says that it is; nobody has signed that. */
  readonly claim: string | null;
}

/**
 * Finds the bundle in a manifest that refers to an image; null when it holds something else, such as an SBOM that nobody
 * signed. What registries list as the type of a manifest is not trusted, as some of them list the wrong one: what counts
 * is its layer. Rejects with `SUBJECT_MISMATCH`, `MALFORMED_BUNDLE`, and what reading a manifest rejects with.
 */
export async function findBundle(
  repository: ImageRepository,
  image: Digest,
  referrer: Digest,
  signal?: AbortSignal,
): Promise<BundlePlace | null> {
  const manifest = await manifestOf(repository, referrer, signal);
  const [layer, ...more] = (manifest?.layers ?? []).filter(({ mediaType }) => mediaType.startsWith(BUNDLE));
  if (manifest === null || layer === undefined) return null;
  if (manifest.subject?.digest !== image) {
    throw new SupplyChainError(
      'SUBJECT_MISMATCH',
      `it is not attached to ${image}, but listed as if it were`,
    );
  }
  if (more.length > 0) throw new SupplyChainError('MALFORMED_BUNDLE', 'it holds more than one bundle');
  const claim = manifest.annotations?.['dev.sigstore.bundle.predicateType']?.slice(0, 512) ?? null;
  return { referrer, layer, claim };
}

/** An index that refers to the image is nothing that we read. */
async function manifestOf(
  repository: ImageRepository,
  referrer: Digest,
  signal?: AbortSignal,
): Promise<Manifest | null> {
  const raw = await repository.manifest(referrer, signal);
  try {
    return parseManifest(raw);
  } catch (error) {
    if (error instanceof SupplyChainError && error.code === 'INDEX_NOT_ALLOWED') return null;
    throw error;
  }
}

const OUTAGES: readonly SupplyChainCode[] = ['REGISTRY_UNAVAILABLE', 'UNAUTHORIZED', 'REDIRECT_REFUSED'];

/** Whether an error is about the content, so that this one piece is not believed, and not about the registry. */
export function isAboutContent(error: unknown): error is SupplyChainError {
  return error instanceof SupplyChainError && !OUTAGES.includes(error.code);
}
