import { digestOf, type Digest } from '../oci/digest.ts';
import { EMPTY_CONFIG, MEDIA_TYPES } from '../oci/media-types.ts';
import { contentOf, type ImageRepository } from '../oci/repository.ts';

/** A bundle as it is attached to an image. */
export interface AttachedBundle {
  /** Digest of the manifest that attaches it. */
  readonly referrer: Digest;
  /** Digest of the bundle. */
  readonly bundle: Digest;
}

/** What the manifest says of the bundle. Nobody signs that: it helps to find, and is not believed. */
export interface Attachment {
  readonly predicateType: string;
  /** RFC 3339; left out when nobody says when. The same bundle with the same time is the same manifest. */
  readonly created?: string;
}

/**
 * Attaches a bundle to an image in its repository, as cosign 3 and GitHub's attest action do: a manifest with an empty
 * configuration, one layer and the image as its subject.
 */
export async function attachBundle(
  repository: ImageRepository,
  image: Digest,
  bytes: Uint8Array,
  { predicateType, created }: Attachment,
  signal?: AbortSignal,
): Promise<AttachedBundle> {
  const subject = await repository.manifest(image, signal);
  const [config, bundle] = [contentOf(Buffer.from(EMPTY_CONFIG), digestOf(EMPTY_CONFIG)), digestOf(bytes)];
  await repository.putBlob(config, signal);
  await repository.putBlob(contentOf(bytes, bundle), signal);
  const manifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.manifest,
    artifactType: MEDIA_TYPES.bundle,
    config: { mediaType: MEDIA_TYPES.empty, digest: config.digest, size: config.size },
    layers: [{ mediaType: MEDIA_TYPES.bundle, digest: bundle, size: bytes.length }],
    subject: { mediaType: subject.mediaType, digest: image, size: subject.bytes.length },
    annotations: {
      'dev.sigstore.bundle.content': 'dsse-envelope',
      'dev.sigstore.bundle.predicateType': predicateType,
      ...(created === undefined ? {} : { 'org.opencontainers.image.created': created }),
    },
  };
  const document = Buffer.from(JSON.stringify(manifest));
  const referrer = await repository.putManifest(document, MEDIA_TYPES.manifest, null, signal);
  return { referrer, bundle };
}
