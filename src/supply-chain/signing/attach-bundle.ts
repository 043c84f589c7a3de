import { digestOf, type Digest } from '../oci/digest.ts';
import { EMPTY_CONFIG, MEDIA_TYPES } from '../oci/media-types.ts';
import { contentOf, type ImageRepository } from '../oci/repository.ts';

/** Where an attached bundle is. */
export interface AttachedBundle {
  /** Digest of the manifest that attaches it to the image. */
  readonly referrer: Digest;
  /** Digest of the bundle itself. */
  readonly bundle: Digest;
}

/**
 * Attaches a bundle to an image as an OCI 1.1 referrer, in the form that cosign 3 and GitHub's attestations have. The same
 * bundle attached twice is attached once.
 */
export async function attachBundle(
  repository: ImageRepository,
  image: Digest,
  { bytes, predicateType }: { readonly bytes: Buffer; readonly predicateType: string },
  signal?: AbortSignal,
): Promise<AttachedBundle> {
  const { mediaType, bytes: manifest } = await repository.manifest(image, signal);
  const bundle = digestOf(bytes);
  const empty = Buffer.from(EMPTY_CONFIG);
  await repository.putBlob(contentOf(bytes, bundle), signal);
  await repository.putBlob(contentOf(empty, digestOf(empty)), signal);
  const document = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.manifest,
    artifactType: MEDIA_TYPES.bundle,
    config: { mediaType: MEDIA_TYPES.empty, digest: digestOf(empty), size: empty.length },
    layers: [{ mediaType: MEDIA_TYPES.bundle, digest: bundle, size: bytes.length }],
    subject: { mediaType, digest: image, size: manifest.length },
    annotations: {
      'dev.sigstore.bundle.content': 'dsse-envelope',
      'dev.sigstore.bundle.predicateType': predicateType,
    },
  };
  const referrer = Buffer.from(JSON.stringify(document));
  return { referrer: await repository.putManifest(referrer, MEDIA_TYPES.manifest, null, signal), bundle };
}
