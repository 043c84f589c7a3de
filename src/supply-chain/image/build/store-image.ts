import { digestOf, type Digest } from '../../oci/digest.ts';
import { MEDIA_TYPES } from '../../oci/media-types.ts';
import { contentOf, type Content, type ImageRepository } from '../../oci/repository.ts';
import type { Platform } from '../platform.ts';
import type { BaseImage } from './base.ts';
import {
  APP_LABEL,
  configDocument,
  manifestDocument,
  type ConfigOptions,
  type NamedLayer,
} from './image-documents.ts';

/** What a layer that was built is for. */
export type LayerKind = 'rootfs' | 'node' | 'dependencies' | 'app';

/** A layer of a built image. Those of a base image are taken as they are. */
export interface BuiltLayer {
  readonly kind: LayerKind | 'base';
  readonly digest: Digest;
  /** Bytes as it is stored, compressed. */
  readonly size: number;
}

export interface BuiltImage {
  /** Of its manifest: what it is deployed by. */
  readonly digest: Digest;
  /** Bytes of everything that is pulled. */
  readonly size: number;
  readonly layers: readonly BuiltLayer[];
  readonly platform: Platform;
}

/** A layer that can be stored, and what it is for. */
export type StorableLayer = NamedLayer & Content & Pick<BuiltLayer, 'kind'>;

/** All that the documents of an image say. */
export interface ImageParts extends Omit<ConfigOptions, 'base' | 'layers' | 'workingDirectory'> {
  readonly layers: readonly StorableLayer[];
  readonly base: BaseImage | null;
  /** Directory of the service in the image. Absolute. */
  readonly app: string;
  readonly version: string | null;
  readonly source: string | null;
  readonly revision: string | null;
}

/** Stores layers, configuration and manifest, in this order: nothing refers to what is not there. */
export async function storeImage(
  parts: ImageParts,
  repository: ImageRepository,
  { tag, signal }: { readonly tag: string | null; readonly signal: AbortSignal | undefined },
): Promise<BuiltImage> {
  const { layers, platform } = parts;
  const config = configOf(parts);
  const configDigest = digestOf(config);
  const manifest = manifestOf(parts, { digest: configDigest, size: config.length });
  for (const layer of layers) await repository.putBlob(layer, signal);
  await repository.putBlob(contentOf(config, configDigest), signal);
  const stored = layers.reduce((sum, { size }) => sum + size, 0);
  return {
    digest: await repository.putManifest(manifest, MEDIA_TYPES.manifest, tag, signal),
    size: stored + config.length + manifest.length,
    layers: layers.map(({ kind, digest, size }) => ({ kind, digest, size })),
    platform,
  };
}

function configOf(parts: ImageParts): Uint8Array {
  const { app, base, labels } = parts;
  return configDocument({
    ...parts,
    base: base?.config ?? {},
    workingDirectory: app,
    labels: { ...labels, [APP_LABEL]: app },
  });
}

function manifestOf(
  { layers, app, created, version, source, revision, base }: ImageParts,
  config: { readonly digest: Digest; readonly size: number },
): Uint8Array {
  return manifestDocument({
    config,
    layers,
    annotations: {
      [APP_LABEL]: app,
      'org.opencontainers.image.created': created.toISOString(),
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.source': source,
      'org.opencontainers.image.revision': revision,
      'org.opencontainers.image.base.digest': base?.digest ?? null,
    },
  });
}
