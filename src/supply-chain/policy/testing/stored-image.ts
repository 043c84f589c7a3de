import { type Digest, digestOf } from '../../oci/digest.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { EMPTY_CONFIG, MEDIA_TYPES } from '../../oci/media-types.ts';
import { contentOf, type ImageRepository } from '../../oci/repository.ts';

/** Stores a small image for a platform, and returns its digest. Other content makes another image. */
export async function storeImage(
  repository: ImageRepository,
  { content = 'the image', architecture = 'amd64' }: { content?: string; architecture?: string } = {},
): Promise<Digest> {
  const config = {
    architecture,
    os: 'linux',
    config: { Labels: { content } },
    rootfs: { type: 'layers', diff_ids: [] },
  };
  const document = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.manifest,
    config: await storeBlob(repository, JSON.stringify(config), MEDIA_TYPES.config),
    layers: [],
  };
  return repository.putManifest(Buffer.from(JSON.stringify(document)), MEDIA_TYPES.manifest, null);
}

/** Attaches a document to an image as its only layer. Returns the digest of the manifest that does so. */
export async function attach(
  repository: ImageRepository,
  image: Digest,
  text: string,
  mediaType: string = MEDIA_TYPES.bundle,
): Promise<Digest> {
  const { bytes } = await repository.manifest(image);
  const document = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.manifest,
    artifactType: mediaType,
    config: await storeBlob(repository, EMPTY_CONFIG, MEDIA_TYPES.empty),
    layers: [await storeBlob(repository, text, mediaType)],
    subject: { mediaType: MEDIA_TYPES.manifest, digest: image, size: bytes.length },
  };
  return repository.putManifest(Buffer.from(JSON.stringify(document)), MEDIA_TYPES.manifest, null);
}

async function storeBlob(repository: ImageRepository, text: string, mediaType: string): Promise<Descriptor> {
  const bytes = Buffer.from(text);
  const digest = digestOf(bytes);
  await repository.putBlob(contentOf(bytes, digest));
  return { mediaType, digest, size: bytes.length };
}
