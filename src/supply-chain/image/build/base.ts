import type { Digest } from '../../oci/digest.ts';
import type { ImageConfig } from '../../oci/image-config.ts';
import type { Content, ImageRepository } from '../../oci/repository.ts';
import { inspectImage } from '../inspect-image.ts';
import type { Platform } from '../platform.ts';

/** What a service is put onto: nothing, an image, or a root file system in a directory or in a tar archive. */
export type Base =
  | { readonly kind: 'none' }
  | { readonly kind: 'image'; readonly repository: ImageRepository; readonly digest: Digest }
  | { readonly kind: 'rootfs'; readonly path: string };

/** A layer of a base image, taken as it is. */
export interface ReusedLayer extends Content {
  readonly diffId: Digest;
  readonly history: NonNullable<ImageConfig['history']>[number];
}

/** A base image, ready to be built upon. */
export interface BaseImage {
  readonly layers: readonly ReusedLayer[];
  readonly config: NonNullable<ImageConfig['config']>;
  readonly digest: Digest;
}

/** Reads a base image, which must be for the platform. Throws what `inspectImage` throws. */
export async function readBaseImage(
  { repository, digest }: Extract<Base, { kind: 'image' }>,
  platform: Platform,
  signal?: AbortSignal,
): Promise<BaseImage> {
  const { config, layers } = await inspectImage(repository, digest, platform, signal);
  const said = config.history?.filter((step) => step.empty_layer !== true) ?? [];
  return {
    digest,
    config: config.config ?? {},
    layers: layers.map(({ descriptor, diffId }, index) => ({
      digest: descriptor.digest,
      size: descriptor.size,
      diffId,
      history: said[index] ?? { created_by: `layer ${index + 1} of ${digest}` },
      open: () => repository.blob(descriptor, signal),
    })),
  };
}
