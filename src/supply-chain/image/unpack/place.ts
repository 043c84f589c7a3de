import { rename } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type ExclusiveLock, takeExclusiveLock } from '../../../locks/exclusive-lock.ts';
import type { Digest } from '../../oci/digest.ts';
import { isAsRecorded, verifyTree } from './tree-record.ts';

/** Directory in the one of an image: the root of its file system. */
export const ROOT = 'rootfs';

export interface PlaceOptions {
  /** What the image came to. */
  readonly treeDigest: Digest;
  /** Takes out of the way what is in the place and is not the image. */
  readonly setAside: ((place: string) => Promise<void>) | undefined;
}

/**
 * Moves an image that was just unpacked to its place. One that is there already stays if it is the same to the last byte;
 * what is there and is something else is set aside, or refused with `DIGEST_MISMATCH` where nobody does that.
 */
export async function putInPlace(
  unpacked: string,
  place: string,
  { treeDigest, setAside }: PlaceOptions,
): Promise<void> {
  if (await moveInto(unpacked, place)) return;
  const root = path.join(place, ROOT);
  if (setAside === undefined) return void (await verifyTree(root, treeDigest));
  if (await isAsRecorded(root, treeDigest)) return;
  const lock = await lockOf(path.dirname(place));
  try {
    // Whoever had the lock before may have done it.
    if (await isAsRecorded(root, treeDigest)) return;
    await setAside(place);
    await rename(unpacked, place);
  } finally {
    lock.release();
  }
}

/** Moves it where nothing is, and tells whether that was so. */
async function moveInto(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR') return false;
    throw error;
  }
}

const LOOK_EVERY_MS = 20;

/** One at a time replaces what is in a place, so that nobody sets aside what another one has just put there. */
async function lockOf(directory: string): Promise<ExclusiveLock> {
  for (;;) {
    const lock = takeExclusiveLock(path.join(directory, 'replacing.lock'));
    if (lock !== null) return lock;
    await wait(LOOK_EVERY_MS);
  }
}
