import { SupplyChainError } from '../error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { parseImageConfig, type ImageConfig } from '../oci/image-config.ts';
import { parseManifest, type Manifest } from '../oci/manifest.ts';
import { MEDIA_TYPES } from '../oci/media-types.ts';
import { readAll } from '../oci/read-all.ts';
import type { ImageRepository } from '../oci/repository.ts';
import { saidPlatform, type Platform } from './platform.ts';

/** One layer of an image: as it is stored, and the digest of the tar archive in it. */
export interface ImageLayer {
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
}

/** An image whose manifest and configuration have been checked. Its layers have not been looked at. */
export interface InspectedImage {
  readonly digest: Digest;
  readonly manifest: Manifest;
  readonly config: ImageConfig;
  readonly layers: readonly ImageLayer[];
  /** As the configuration says it: `linux/amd64`. */
  readonly platform: string;
}

const LARGEST_CONFIG = 4 * 1024 * 1024;
const CONFIGS: readonly string[] = [MEDIA_TYPES.config, MEDIA_TYPES.dockerConfig];
const LAYERS: readonly string[] = [MEDIA_TYPES.layer, MEDIA_TYPES.dockerLayer];

/**
 * Reads manifest and configuration of an image, by size and digest. With a platform it must be for that one. Only layers
 * of gzipped tar archives are taken, which are the ones that run everywhere. Throws what the repository throws, and
 * `INDEX_NOT_ALLOWED`, `MEDIATYPE_CONFUSION`, `MALFORMED_IMAGE`, `TOO_LARGE`, `WRONG_PLATFORM`.
 */
export async function inspectImage(
  repository: ImageRepository,
  digest: Digest,
  platform: Platform | null = null,
  signal?: AbortSignal,
): Promise<InspectedImage> {
  const manifest = parseManifest(await repository.manifest(digest, signal));
  requireTypes(digest, manifest);
  if (manifest.config.size > LARGEST_CONFIG) {
    throw new SupplyChainError(
      'TOO_LARGE',
      `the configuration of ${digest} has ${manifest.config.size} bytes`,
    );
  }
  const bytes = await readAll(
    repository.blob(manifest.config, signal),
    LARGEST_CONFIG,
    manifest.config.digest,
  );
  const config = parseImageConfig(bytes);
  const found = saidPlatform(config);
  if (platform !== null && found !== platform) {
    throw new SupplyChainError(
      'WRONG_PLATFORM',
      `${digest} is for ${found.slice(0, 100)}, and what is needed is one for ${platform}`,
    );
  }
  return { digest, manifest, config, layers: layersOf(digest, manifest, config), platform: found };
}

function requireTypes(digest: Digest, { config, layers }: Manifest): void {
  if (!CONFIGS.includes(config.mediaType)) {
    throw new SupplyChainError(
      'MALFORMED_IMAGE',
      `${digest} is not an image: its configuration is ${config.mediaType.slice(0, 100)}`,
    );
  }
  const odd = layers.find(({ mediaType }) => !LAYERS.includes(mediaType));
  if (odd === undefined) return;
  throw new SupplyChainError(
    'MALFORMED_IMAGE',
    `${digest} has a layer of ${odd.mediaType.slice(0, 100)}; build it with gzipped layers, which all targets take`,
  );
}

function layersOf(digest: Digest, { layers }: Manifest, { rootfs }: ImageConfig): readonly ImageLayer[] {
  const diffIds = rootfs.diff_ids;
  if (layers.length !== diffIds.length) {
    throw new SupplyChainError(
      'MALFORMED_IMAGE',
      `${digest} has ${layers.length} layers, and its configuration speaks of ${diffIds.length}`,
    );
  }
  return layers.map((layer, index) => ({ descriptor: layer, diffId: diffIds[index] ?? layer.digest }));
}
