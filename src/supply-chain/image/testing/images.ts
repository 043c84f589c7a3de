import assert from 'node:assert/strict';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import tar, { type Header } from 'tar-stream';
import { SupplyChainError, type SupplyChainCode } from '../../error.ts';
import { layoutRepository } from '../../layout/layout-repository.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { digestOf, type Digest } from '../../oci/digest.ts';
import { MEDIA_TYPES } from '../../oci/media-types.ts';
import { contentOf, type ImageRepository } from '../../oci/repository.ts';
import type { BuildOptions } from '../build/build-image.ts';
import { temporaryDirectory } from './directories.ts';

/** Options of a build that leaves everything to its defaults. */
export function buildOptions(directory: string, changes: Partial<BuildOptions> = {}): BuildOptions {
  return {
    directory,
    platform: 'linux/amd64',
    base: { kind: 'none' },
    node: null,
    entrypoint: null,
    epoch: 0,
    version: null,
    source: null,
    revision: null,
    environment: {},
    labels: {},
    port: null,
    user: '65532',
    tag: null,
    ...changes,
  };
}

/** An empty repository in a directory of its own. */
export function emptyRepository(test: TestContext): ImageRepository & { readonly directory: string } {
  const directory = path.join(temporaryDirectory(test), 'shop');
  return { ...layoutRepository('registry/shop', directory), directory };
}

/** One entry of an archive: anything, also what nobody should write. */
export type HostileEntry = Partial<Omit<Header, 'type'>> & {
  readonly name: string;
  readonly type?: Header['type'];
  readonly content?: string;
};

/** A tar archive of these entries, in this order. */
export async function archive(...entries: readonly HostileEntry[]): Promise<Buffer> {
  const pack = tar.pack();
  for (const { content = '', ...header } of entries) {
    if ((header.type ?? 'file') === 'file') pack.entry({ ...header, type: 'file' }, content);
    else pack.entry(header);
  }
  pack.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of pack) {
    assert(chunk instanceof Uint8Array);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** How an image is not as it should be. */
export interface ImageChanges {
  readonly architecture?: string;
  /** What the configuration says about the archives, instead of the truth. */
  readonly diffIds?: readonly Digest[];
  /** Bytes after each compressed archive. */
  readonly trailer?: Uint8Array;
  readonly layerType?: string;
  readonly configType?: string;
}

/** Stores an image that has these archives as its layers. Returns its digest. */
export async function storeArchives(
  repository: ImageRepository,
  archives: readonly Uint8Array[],
  changes: ImageChanges = {},
): Promise<Digest> {
  const blobs = archives.map((bytes) => Buffer.concat([gzipSync(bytes), changes.trailer ?? Buffer.alloc(0)]));
  const config = Buffer.from(
    JSON.stringify({
      architecture: changes.architecture ?? 'amd64',
      os: 'linux',
      rootfs: { type: 'layers', diff_ids: changes.diffIds ?? archives.map(digestOf) },
    }),
  );
  for (const bytes of [...blobs, config]) await repository.putBlob(contentOf(bytes, digestOf(bytes)));
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.manifest,
      config: named(changes.configType ?? MEDIA_TYPES.config, config),
      layers: blobs.map((bytes) => named(changes.layerType ?? MEDIA_TYPES.layer, bytes)),
    }),
  );
  return repository.putManifest(manifest, MEDIA_TYPES.manifest, null);
}

function named(mediaType: string, bytes: Uint8Array): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

/** Fits an error of that code. */
export function refusal(code: SupplyChainCode, says: RegExp = /./): (error: unknown) => boolean {
  return (error) => {
    assert(error instanceof SupplyChainError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, says);
    return true;
  };
}
