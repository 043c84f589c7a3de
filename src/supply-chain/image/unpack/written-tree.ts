import { createHash } from 'node:crypto';
import { link, mkdir, open, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import type { Digest } from '../../oci/digest.ts';
import type { ArchiveEntry } from '../layers/archive-entry.ts';
import { unsafe } from '../layers/entry-path.ts';
import type { Budget } from '../layers/limits.ts';
import { type Effects, emptyTree, type Names, type Tree } from '../layers/tree.ts';
import { linkTarget } from './link-target.ts';

/** A file as it was written. */
export interface WrittenFile {
  readonly isProgram: boolean;
  /** Bytes. */
  readonly size: number;
  readonly digest: Digest;
}

/** Modes of what is unpacked: it is for its owner only. */
export const OWNER = { directory: 0o700, file: 0o600, program: 0o700 } as const;

/**
 * A tree whose files are written to a directory as layers are applied to it. The directory must not be there. Nothing is
 * ever reached through a link, nor written over: on a file system that takes two names for one, an entry could pass
 * through a link, and is refused with `UNSAFE_LAYER`.
 */
export async function makeTree(directory: string, budget: Budget): Promise<Tree<WrittenFile>> {
  await mkdir(directory, { mode: OWNER.directory });
  return emptyTree('a directory', budget, effectsIn(directory));
}

function effectsIn(directory: string): Effects<WrittenFile> {
  const fileOf = (names: Names) => path.join(directory, ...names);
  return {
    async makeDirectory(names) {
      await uncollided(names, mkdir(fileOf(names), { mode: OWNER.directory }));
    },
    makeLink: (names, target) => uncollided(names, symlink(linkTarget(names, target), fileOf(names))),
    async makeSecondName(names, original, content) {
      await uncollided(names, link(fileOf(original), fileOf(names)));
      return content;
    },
    makeFile: (names, entry) => uncollided(names, writeFile(fileOf(names), entry)),
    remove: (names) => rm(fileOf(names), { recursive: true }),
  };
}

async function writeFile(file: string, { isProgram, content }: ArchiveEntry): Promise<WrittenFile> {
  const hash = createHash('sha256');
  let size = 0;
  await using handle = await open(file, 'wx', isProgram ? OWNER.program : OWNER.file);
  for await (const chunk of content) {
    hash.update(chunk);
    size += chunk.length;
    await handle.writeFile(chunk);
  }
  return { isProgram, size, digest: `sha256:${hash.digest('hex')}` };
}

async function uncollided<Answer>(names: Names, making: Promise<Answer>): Promise<Answer> {
  try {
    return await making;
  } catch (cause) {
    if (!isCollision(cause)) throw cause;
    throw unsafe(names.join('/'), 'collides with another entry on this file system', cause);
  }
}

function isCollision(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return (
    code === 'EEXIST' || code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'EISDIR'
  );
}
