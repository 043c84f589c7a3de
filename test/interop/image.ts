import { gzipSync } from 'node:zlib';
import type { Descriptor } from '../../src/supply-chain/oci/descriptor.ts';
import { digestOf, type Digest } from '../../src/supply-chain/oci/digest.ts';
import { EMPTY_CONFIG, MEDIA_TYPES } from '../../src/supply-chain/oci/media-types.ts';
import { contentOf, type ImageRepository } from '../../src/supply-chain/oci/repository.ts';

/** An image with one empty layer, as every tool takes it. */
export async function putImage(
  repository: ImageRepository,
  tag: string,
): Promise<{ readonly digest: Digest; readonly bytes: Buffer }> {
  const tar = Buffer.alloc(1024);
  const layer = await put(repository, gzipSync(tar), MEDIA_TYPES.layer);
  const config = {
    architecture: 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [digestOf(tar)] },
  };
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.manifest,
      config: await put(repository, Buffer.from(JSON.stringify(config)), MEDIA_TYPES.config),
      layers: [layer],
    }),
  );
  return { bytes, digest: await repository.putManifest(bytes, MEDIA_TYPES.manifest, tag) };
}

/** Something that refers to the image. */
export async function attach(
  repository: ImageRepository,
  image: { readonly digest: Digest; readonly bytes: Buffer },
  artifactType: string,
): Promise<Digest> {
  const document = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.manifest,
    artifactType,
    config: await put(repository, Buffer.from(EMPTY_CONFIG), MEDIA_TYPES.empty),
    layers: [await put(repository, Buffer.from('attached'), 'text/plain')],
    subject: { mediaType: MEDIA_TYPES.manifest, digest: image.digest, size: image.bytes.length },
  };
  return repository.putManifest(Buffer.from(JSON.stringify(document)), MEDIA_TYPES.manifest, null);
}

async function put(repository: ImageRepository, bytes: Buffer, mediaType: string): Promise<Descriptor> {
  const digest = digestOf(bytes);
  await repository.putBlob(contentOf(bytes, digest));
  return { mediaType, digest, size: bytes.length };
}
