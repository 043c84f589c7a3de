import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { takeExclusiveLock } from '../../locks/exclusive-lock.ts';

/** A directory for work that is not finished. It is gone when it is disposed of. */
export interface Scratch extends AsyncDisposable {
  /** Absolute, and only for its owner. */
  readonly directory: string;
}

const LOCK = '.lock';

/**
 * Makes a directory of its own inside `parent`, and removes those there that processes left behind which were killed:
 * each is locked as long as its owner lives.
 */
export async function openScratch(parent: string): Promise<Scratch> {
  await mkdir(parent, { recursive: true, mode: 0o700 });
  await removeAbandoned(parent);
  const name = randomUUID();
  const lock = takeExclusiveLock(path.join(parent, `${name}${LOCK}`));
  // Whoever cleans up may have been faster than we.
  if (lock === null) return openScratch(parent);
  const directory = path.join(parent, name);
  await mkdir(directory, { mode: 0o700 });
  return {
    directory,
    async [Symbol.asyncDispose]() {
      await remove(parent, name);
      lock.release();
    },
  };
}

async function removeAbandoned(parent: string): Promise<void> {
  for (const file of await readdir(parent)) {
    if (!file.endsWith(LOCK)) continue;
    const lock = takeExclusiveLock(path.join(parent, file));
    if (lock === null) continue;
    await remove(parent, file.slice(0, -LOCK.length));
    lock.release();
  }
}

/** The lock goes last: without it nobody would come back for the rest. */
async function remove(parent: string, name: string): Promise<void> {
  await rm(path.join(parent, name), { recursive: true, force: true });
  await rm(path.join(parent, `${name}${LOCK}`), { force: true });
}
