import { createHash } from 'node:crypto';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, type Gunzip } from 'node:zlib';
import { SupplyChainError } from '../../error.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ImageRepository } from '../../oci/repository.ts';
import type { ImageLayer } from '../inspect-image.ts';
import { applyArchive } from './apply-archive.ts';
import type { Tree } from './tree.ts';

/**
 * Applies the layers of an image one after the other, each as a stream, to an empty tree. Every byte is verified: the blobs
 * by digest and size, the archives in them by the digests of the configuration. Throws what the repository throws, and
 * `UNSAFE_LAYER`, `TOO_LARGE`, `DIGEST_MISMATCH`, `MALFORMED_IMAGE`.
 */
export async function applyLayers<Content>(
  repository: ImageRepository,
  layers: readonly ImageLayer[],
  tree: Tree<Content>,
  signal?: AbortSignal,
): Promise<void> {
  for (const [index, layer] of layers.entries()) {
    await applyLayer({ repository, tree, index: index + 1, signal }, layer);
  }
}

interface LayerTarget<Content> {
  readonly repository: ImageRepository;
  readonly tree: Tree<Content>;
  /** Layers are counted from 1. */
  readonly index: number;
  readonly signal: AbortSignal | undefined;
}

async function applyLayer<Content>(
  { repository, tree, index, signal }: LayerTarget<Content>,
  { descriptor, diffId }: ImageLayer,
): Promise<void> {
  const spend = tree.budget.layer(descriptor.size);
  const what = `the layer ${descriptor.digest}`;
  const gunzip = createGunzip();
  try {
    await applyArchive({ tree, layer: index, what }, (extract) =>
      pipeline(
        repository.blob(descriptor, signal),
        gunzip,
        (source: AsyncIterable<Uint8Array>) => checked(source, diffId, spend),
        extract,
        { signal },
      ),
    );
  } catch (error) {
    signal?.throwIfAborted();
    await requireRightBlob(repository.blob(descriptor, signal));
    throw error;
  }
  requireWholeBlob(gunzip, descriptor.size, what);
}

/** What was found wrong halfway through may be due to bytes that are not those of the image: that is said first. */
async function requireRightBlob(blob: AsyncIterable<Uint8Array>): Promise<void> {
  await pipeline(blob, new Writable({ write: (_chunk, _encoding, done) => done() }));
}

/** Passes the archive on, and fails at its end when it is not the one that the configuration names. */
async function* checked(
  source: AsyncIterable<Uint8Array>,
  diffId: Digest,
  spend: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const chunk of source) {
    spend(chunk.length);
    hash.update(chunk);
    yield chunk;
  }
  const found = `sha256:${hash.digest('hex')}`;
  if (found !== diffId) {
    throw new SupplyChainError('DIGEST_MISMATCH', `an archive of the image is ${found} instead of ${diffId}`);
  }
}

/** What follows after the compressed archive would be read by some and not by others. */
function requireWholeBlob({ bytesWritten }: Gunzip, size: number, what: string): void {
  if (bytesWritten === size) return;
  throw new SupplyChainError('MALFORMED_IMAGE', `${what} has ${size - bytesWritten} bytes after its end`);
}
