import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import { hexOf, type Digest } from '../../oci/digest.ts';
import type { ImageConfig } from '../../oci/image-config.ts';
import type { ImageRepository } from '../../oci/repository.ts';
import { inspectImage } from '../inspect-image.ts';
import { applyLayers } from '../layers/apply-layers.ts';
import { budgetOf, LARGEST_IMAGE, type LayerLimits } from '../layers/limits.ts';
import type { Platform } from '../platform.ts';
import { openScratch } from '../scratch.ts';
import { requireLinksInside } from './link-target.ts';
import { putInPlace, ROOT } from './place.ts';
import { isAsRecorded, RECORD, recordOf, treeDigestOf, type TreeRecord, verifyTree } from './tree-record.ts';
import { makeTree } from './written-tree.ts';

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
  readonly limits?: LayerLimits;
  /** What the image came to when it was unpacked before: what is in its place then need only be compared with that. */
  readonly treeDigest?: Digest;
  /** Takes out of the way what is in the image's place and is not the image. Without it, that is refused. */
  readonly setAside?: (place: string) => Promise<void>;
}

/** What AWS Lambda takes at most. */
export const DEFAULT_LIMITS: LayerLimits = {
  ...LARGEST_IMAGE,
  compressed: LARGEST_IMAGE.unpacked,
  ratio: 200,
  path: 2048,
};

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
  const tree = await makeTree(path.join(unpacked, ROOT), budgetOf(limits, digest));
  await applyLayers(repository, layers, tree, signal);
  requireLinksInside(tree);
  const record = recordOf(tree);
  await writeRecord(path.join(unpacked, RECORD), record);
  const treeDigest = treeDigestOf(record);
  await putInPlace(unpacked, place, { treeDigest, setAside });
  return { digest, root, config, treeDigest: await verifyTree(root, treeDigest) };
}

async function writeRecord(file: string, record: TreeRecord): Promise<void> {
  await using handle = await open(file, 'wx', 0o600);
  await handle.writeFile(record);
  await handle.sync();
}
