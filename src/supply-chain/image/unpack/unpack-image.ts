import { mkdir, open } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, type Gunzip } from 'node:zlib';
import { SupplyChainError } from '../../error.ts';
import { hexOf, type Digest } from '../../oci/digest.ts';
import type { ImageConfig } from '../../oci/image-config.ts';
import type { ImageRepository } from '../../oci/repository.ts';
import { inspectImage, type ImageLayer } from '../inspect-image.ts';
import type { Platform } from '../platform.ts';
import { openScratch } from '../scratch.ts';
import { applyArchive } from './apply-archive.ts';
import { budgetOf, DEFAULT_LIMITS, type Budget, type UnpackLimits } from './limits.ts';
import { requireLinksInside } from './link-target.ts';
import { putInPlace, ROOT } from './place.ts';
import { makeTree, type Tree } from './tree.ts';
import { isAsRecorded, RECORD, recordOf, treeDigestOf, type TreeRecord, verifyTree } from './tree-record.ts';

/** An image whose files lie in a directory, and are what its digest stands for. */
export interface UnpackedImage {
  readonly digest: Digest;
  /** Root directory of the image. Absolute; only its owner may enter. */
  readonly root: string;
  readonly config: ImageConfig;
  /** Stands for all that is in `root`: `verifyTree` proves it again. */
  readonly treeDigest: Digest;
}

export interface UnpackOptions {
  /** Directory of all unpacked images. Each gets one of its own in it, named by its digest. */
  readonly directory: string;
  /** What the image must be for; null if it does not matter, as for the application alone. */
  readonly platform: Platform | null;
  readonly limits?: UnpackLimits;
  /** What the image came to when it was unpacked before: what is in its place then need only be compared with that. */
  readonly treeDigest?: Digest;
  /** Takes out of the way what is in the image's place and is not the image. Without it, that is refused. */
  readonly setAside?: (place: string) => Promise<void>;
}

/** Directory in the one of all images. */
const UNFINISHED = 'unfinished';

/**
 * Unpacks an image into a directory named by its digest, or proves that the one that is there is still the same: by what
 * the layers come to, as the record beside it may have been changed with it. The directory appears when every byte has
 * been verified, and not before. Several processes may do so at the same time.
 * Throws what `inspectImage` throws, and `UNSAFE_LAYER`, `TOO_LARGE`, `DIGEST_MISMATCH`, `MALFORMED_IMAGE`.
 */
export async function unpackImage(
  repository: ImageRepository,
  digest: Digest,
  { directory, platform, limits = DEFAULT_LIMITS, treeDigest: known, setAside }: UnpackOptions,
  signal?: AbortSignal,
): Promise<UnpackedImage> {
  const { config, layers } = await inspectImage(repository, digest, platform, signal);
  const place = path.resolve(directory, hexOf(digest));
  const root = path.join(place, ROOT);
  if (known !== undefined && (await isAsRecorded(root, known))) {
    return { digest, root, config, treeDigest: known };
  }
  await using scratch = await openScratch(path.resolve(directory, UNFINISHED));
  const unpacked = path.join(scratch.directory, 'image');
  await mkdir(unpacked, { mode: 0o700 });
  const budget = budgetOf(limits, digest);
  const tree = await makeTree(path.join(unpacked, ROOT), budget.entry);
  for (const [index, layer] of layers.entries()) {
    await unpackLayer({ repository, tree, budget, index: index + 1, signal }, layer);
  }
  requireLinksInside(tree);
  const record = recordOf(tree);
  await writeRecord(path.join(unpacked, RECORD), record);
  const treeDigest = treeDigestOf(record);
  await putInPlace(unpacked, place, { treeDigest, setAside });
  return { digest, root, config, treeDigest: await verifyTree(root, treeDigest) };
}

interface LayerTarget {
  readonly repository: ImageRepository;
  readonly tree: Tree;
  readonly budget: Budget;
  /** Layers are counted from 1. */
  readonly index: number;
  readonly signal: AbortSignal | undefined;
}

async function unpackLayer(
  { repository, tree, budget, index, signal }: LayerTarget,
  { descriptor, diffId }: ImageLayer,
): Promise<void> {
  const spend = budget.layer(descriptor.size);
  const what = `the layer ${descriptor.digest}`;
  const gunzip = createGunzip();
  const target = { tree, budget, layer: index, what };
  try {
    await applyArchive(target, (extract) =>
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

async function writeRecord(file: string, record: TreeRecord): Promise<void> {
  await using handle = await open(file, 'wx', 0o600);
  await handle.writeFile(record);
  await handle.sync();
}
