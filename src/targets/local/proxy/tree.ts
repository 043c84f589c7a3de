import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { lstat, open, readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

/** What has to be at one place of an unpacked image: as it was written, and nothing else. */
const treeEntry = z.discriminatedUnion('type', [
  z.strictObject({ path: z.string(), type: z.literal('directory'), mode: z.int() }),
  z.strictObject({ path: z.string(), type: z.literal('symlink'), target: z.string() }),
  z.strictObject({
    path: z.string(),
    type: z.literal('file'),
    mode: z.int(),
    /** Bytes. */
    size: z.int(),
    sha256: z.string(),
  }),
]);

/** Paths go from the tree's root, with slashes and without one in front; modes are permission bits. */
export type TreeEntry = z.infer<typeof treeEntry>;

/** An unpacked image and the record that was made of it. */
export interface Tree {
  /** The root of its file system. */
  readonly directory: string;
  /** File with one entry a line, as JSON. It is not inside the directory. */
  readonly record: string;
  /** `sha256:` and hex digits: the digest of the record's bytes. */
  readonly treeDigest: string;
}

/** Longest record that is read: some hundred thousand files. */
const LONGEST_RECORD = 128 * 1024 * 1024;
/** Bytes that are hashed before others get the thread. */
const PIECE = 128 * 1024;

/**
 * What is no longer as it was when the image was unpacked; null when all of it is: every file with its content and
 * permissions, every link and its goal, and nothing besides. Says one thing, not all. Files are read in pieces, so that
 * whoever else needs the thread gets it in between.
 */
export async function flawOfTree({ directory, record, treeDigest }: Tree): Promise<string | null> {
  const bytes = await readRecord(record);
  if (bytes === null) return `the list of its files, ${record}, is gone`;
  if (digestOf(bytes) !== treeDigest) return `the list of its files, ${record}, was changed`;
  const expected = new Map(parseRecord(bytes).map((entry) => [entry.path, entry]));
  const root = await statOf(directory);
  if (root === null || !root.isDirectory()) return `${directory} is gone`;
  const flaw = await flawOfDirectory(directory, '', expected);
  if (flaw !== null) return flaw;
  for (const missing of expected.keys()) return `${missing} is gone`;
  return null;
}

function parseRecord(bytes: Buffer): readonly TreeEntry[] {
  const lines = bytes.toString('utf8').split('\n').slice(0, -1);
  return lines.map((line) => treeEntry.parse(JSON.parse(line)));
}

async function readRecord(file: string): Promise<Buffer | null> {
  const found = await statOf(file);
  return found?.isFile() === true && found.size <= LONGEST_RECORD ? readFile(file) : null;
}

/** Compares what is below the directory with what is expected, and takes that out of `expected`. */
async function flawOfDirectory(
  root: string,
  below: string,
  expected: Map<string, TreeEntry>,
): Promise<string | null> {
  for (const name of await readdir(path.join(root, below))) {
    const inTree = below === '' ? name : `${below}/${name}`;
    const entry = expected.get(inTree);
    if (entry === undefined) return `${inTree} was added`;
    expected.delete(inTree);
    const isSame = await isAsWritten(path.join(root, inTree), entry);
    if (!isSame) return `${inTree} was changed`;
    const flaw = entry.type === 'directory' ? await flawOfDirectory(root, inTree, expected) : null;
    if (flaw !== null) return flaw;
  }
  return null;
}

async function isAsWritten(file: string, entry: TreeEntry): Promise<boolean> {
  const found = await statOf(file);
  if (found === null) return false;
  switch (entry.type) {
    case 'directory':
      return found.isDirectory() && permissions(found) === entry.mode;
    case 'symlink':
      return found.isSymbolicLink() && (await readlink(file)) === entry.target;
    case 'file':
      return (
        found.isFile() &&
        permissions(found) === entry.mode &&
        found.size === entry.size &&
        (await hashOf(file)) === entry.sha256
      );
    default:
      return entry satisfies never;
  }
}

/** The file itself, never one that a link leads to. */
async function hashOf(file: string): Promise<string> {
  const opened = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const hash = createHash('sha256');
    const piece = Buffer.alloc(PIECE);
    for (;;) {
      const { bytesRead } = await opened.read(piece, 0, PIECE);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(piece.subarray(0, bytesRead));
    }
  } finally {
    await opened.close();
  }
}

async function statOf(file: string): Promise<Stats | null> {
  try {
    return await lstat(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return null;
    throw error;
  }
}

function permissions({ mode }: Stats): number {
  return mode & 0o7777;
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
