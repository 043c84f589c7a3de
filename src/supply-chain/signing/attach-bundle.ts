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

/** What is attached. Nobody signs what the manifest says of it: that helps to find it, and is not believed. */
export interface Attachment {
  readonly bytes: Buffer;
  readonly predicateType: string;
  /** RFC 3339; left out where the manifest shall not say when. */
  readonly created?: string;
}

/**
 * Attaches a bundle to an image as an OCI 1.1 referrer, in the form that cosign 3 and GitHub's attestations have. The same
 * bundle attached twice is attached once.
 */
export async function attachBundle(
  repository: ImageRepository,
  image: Digest,
  { bytes, predicateType, created }: Attachment,
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
      ...(created === undefined ? {} : { 'org.opencontainers.image.created': created }),
    },
  };
  const referrer = Buffer.from(JSON.stringify(document));
  return { referrer: await repository.putManifest(referrer, MEDIA_TYPES.manifest, null, signal), bundle };
}
