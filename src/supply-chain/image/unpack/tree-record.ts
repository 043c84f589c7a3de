import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { SupplyChainError } from '../../error.ts';
import { digestOf, type Digest } from '../../oci/digest.ts';
import { unsafe } from '../layers/entry-path.ts';
import { everything } from '../layers/everything.ts';
import type { Tree } from '../layers/tree.ts';
import { linkTarget } from './link-target.ts';
import { OWNER, type WrittenFile } from './written-tree.ts';

/** One thing of an unpacked image. */
type RecordEntry =
  | { readonly path: string; readonly type: 'directory'; readonly mode: number }
  | { readonly path: string; readonly type: 'symlink'; readonly target: string }
  | {
      readonly path: string;
      readonly type: 'file';
      readonly mode: number;
      readonly size: number;
      readonly sha256: string;
    };

/** What must be in a directory: everything, in order. One line of JSON for each. */
export type TreeRecord = string;

/** The file beside an unpacked image in which its record is. */
export const RECORD = 'tree.jsonl';

/** The record of what was unpacked. */
export function recordOf({ root }: Tree<WrittenFile>): TreeRecord {
  const entries = [...everything(root)].map(({ names, node }): RecordEntry => {
    const at = names.join('/');
    switch (node.kind) {
      case 'directory':
        return { path: at, type: 'directory', mode: OWNER.directory };
      case 'symlink':
        return { path: at, type: 'symlink', target: linkTarget(names, node.target) };
      case 'file':
        return {
          path: at,
          type: 'file',
          mode: node.content.isProgram ? OWNER.program : OWNER.file,
          size: node.content.size,
          sha256: node.content.digest.slice('sha256:'.length),
        };
      case 'device':
        throw unsafe(at, 'is a device or a pipe');
      default:
        return node satisfies never;
    }
  });
  return textOf(entries);
}

/** Stands for everything in the tree: the digest of its record. */
export function treeDigestOf(record: TreeRecord): Digest {
  return digestOf(record);
}

/**
 * Proves that an unpacked image is still what was unpacked: everything, its modes and content. `root` is its root
 * directory. With the digest that the tree had, the record beside it need not be believed either. Returns the digest.
 * Throws `DIGEST_MISMATCH`, which names the first difference.
 */
export async function verifyTree(root: string, expected: Digest | null = null): Promise<Digest> {
  try {
    return await compareTree(root, expected);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    throw NOT_AS_UNPACKED.has(code) ? changed(root, String(cause), { cause }) : cause;
  }
}

/** Whether what is there is the tree with that digest. */
export async function isAsRecorded(root: string, expected: Digest): Promise<boolean> {
  try {
    await verifyTree(root, expected);
    return true;
  } catch (error) {
    if (error instanceof SupplyChainError && error.code === 'DIGEST_MISMATCH') return false;
    throw error;
  }
}

/** What reading fails with where something is gone, is of another kind, or may not be read. All else may pass. */
const NOT_AS_UNPACKED: ReadonlySet<string> = new Set([
  'ENOENT',
  'ENOTDIR',
  'EISDIR',
  'ELOOP',
  'EACCES',
  'EPERM',
]);

async function compareTree(root: string, expected: Digest | null): Promise<Digest> {
  const place = path.dirname(root);
  for (const directory of [place, root]) {
    if (!(await lstat(directory)).isDirectory()) throw changed(root, `${directory} is no directory`);
  }
  const file = path.join(place, RECORD);
  if (!(await lstat(file)).isFile()) throw changed(root, `its record, ${file}, is no file`);
  const recorded: TreeRecord = await readFile(file, 'utf8');
  const digest = treeDigestOf(recorded);
  if (expected !== null && digest !== expected) {
    throw changed(root, `its record is ${digest} instead of ${expected}`);
  }
  const found = textOf(await entriesIn(root, ''));
  if (found === recorded) return digest;
  throw changed(root, differenceOf(recorded.split('\n'), found.split('\n')));
}

async function entriesIn(root: string, inside: string): Promise<readonly RecordEntry[]> {
  const entries: RecordEntry[] = [];
  for (const name of (await readdir(path.join(root, inside))).toSorted((a, b) => (a < b ? -1 : 1))) {
    const at = path.posix.join(inside, name);
    entries.push(await entryOf(root, at));
    if (entries.at(-1)?.type === 'directory') entries.push(...(await entriesIn(root, at)));
  }
  return entries;
}

async function entryOf(root: string, at: string): Promise<RecordEntry> {
  const file = path.join(root, at);
  const stats = await lstat(file);
  const mode = stats.mode & 0o7777;
  if (stats.isDirectory()) return { path: at, type: 'directory', mode };
  if (stats.isSymbolicLink()) return { path: at, type: 'symlink', target: await readlink(file) };
  if (stats.isFile()) return { path: at, type: 'file', mode, size: stats.size, sha256: await hashOf(file) };
  throw changed(root, `${at} is neither file, directory nor link`);
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

function textOf(entries: readonly RecordEntry[]): TreeRecord {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
}

function differenceOf(recorded: readonly string[], found: readonly string[]): string {
  const first = recorded.findIndex((line, index) => line !== found[index]);
  const [was = '', is = ''] = [recorded[first], found[first]];
  return `it should have ${was || 'nothing more'} where it has ${is || 'nothing more'}`;
}

function changed(root: string, detail: string, options?: ErrorOptions): SupplyChainError {
  return new SupplyChainError(
    'DIGEST_MISMATCH',
    `${root} is not what was unpacked there: ${detail}. Find out who changed it; once ${path.dirname(root)} is removed, the image is unpacked anew`,
    options,
  );
}
