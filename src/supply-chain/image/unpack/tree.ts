import { link, mkdir, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import type { Digest } from '../../oci/digest.ts';
import { unsafe } from './entry-path.ts';

/** A file as it was written. */
export interface FileNode {
  readonly kind: 'file';
  readonly layer: number;
  readonly isProgram: boolean;
  /** Bytes. */
  readonly size: number;
  readonly digest: Digest;
}

export interface LinkNode {
  readonly kind: 'symlink';
  readonly layer: number;
  readonly target: string;
}

export interface DirectoryNode {
  readonly kind: 'directory';
  /** The last layer that had an entry for it, or for something in it. */
  layer: number;
  /** The last layer that took away all in it that is from other layers. */
  clearedBy: number;
  readonly children: Map<string, TreeNode>;
}

export type TreeNode = FileNode | LinkNode | DirectoryNode;

/** Modes of what is unpacked: it is for its owner only. */
export const OWNER = { directory: 0o700, file: 0o600, program: 0o700 } as const;

/**
 * A directory that is being unpacked into, and what is known to be in it. All decisions are made by what is known, so
 * nothing is ever reached through a link.
 */
export interface Tree {
  /** Absolute. */
  readonly directory: string;
  readonly root: DirectoryNode;
  /** Called for each directory that is made because something in it needs it. */
  readonly onImplied: () => void;
}

/** Makes the directory, which must not be there. */
export async function makeTree(directory: string, onImplied: () => void): Promise<Tree> {
  await mkdir(directory, { mode: OWNER.directory });
  return { directory, root: emptyDirectory(0), onImplied };
}

/** What is at that path, not looking through links. */
export function nodeAt({ root }: Tree, names: readonly string[]): TreeNode | undefined {
  return names.reduce<TreeNode | undefined>(
    (node, name) => (node?.kind === 'directory' ? node.children.get(name) : undefined),
    root,
  );
}

/** Makes a directory, unless there is one. */
export async function makeDirectory(tree: Tree, names: readonly string[], layer: number): Promise<void> {
  const existing = nodeAt(tree, names);
  if (existing?.kind === 'directory') {
    touch(tree, names, layer);
    return;
  }
  await put(tree, names, layer, async (file) => {
    await mkdir(file, { mode: OWNER.directory });
    return emptyDirectory(layer);
  });
}

function emptyDirectory(layer: number): DirectoryNode {
  return { kind: 'directory', layer, clearedBy: 0, children: new Map() };
}

/** Writes down that the layer has something in these directories. */
function touch({ root }: Tree, directories: readonly string[], layer: number): void {
  let node: TreeNode | undefined = root;
  for (const name of [...directories, '']) {
    if (node?.kind !== 'directory') return;
    node.layer = layer;
    node = node.children.get(name);
  }
}

/** Makes a link. Where it leads must have been checked. */
export async function makeLink(tree: Tree, names: readonly string[], node: LinkNode): Promise<void> {
  await put(tree, names, node.layer, async (file) => {
    await symlink(node.target, file);
    return node;
  });
}

/** Makes a second name for a file that is there. */
export async function makeSecondName(
  tree: Tree,
  names: readonly string[],
  { target, layer }: { readonly target: readonly string[]; readonly layer: number },
): Promise<void> {
  const found = nodeAt(tree, target);
  if (found?.kind !== 'file' || target.join('/') === names.join('/')) {
    throw unsafe(
      names.join('/'),
      `is a hard link to ${JSON.stringify(target.join('/'))}, which is no other file`,
    );
  }
  const original = path.join(tree.directory, ...target);
  await put(tree, names, layer, async (file) => {
    await link(original, file);
    return { ...found, layer };
  });
}

/**
 * Puts something where nothing is afterwards but this. `write` must not write over anything: a file system that takes two
 * names for one would let an entry pass through a link. Throws `UNSAFE_LAYER` when the way there leads through something
 * else than directories.
 */
export async function put(
  tree: Tree,
  names: readonly string[],
  layer: number,
  write: (file: string) => Promise<TreeNode>,
): Promise<void> {
  const name = names.at(-1);
  if (name === undefined) throw unsafe('.', 'is the root, and must be a directory');
  const parent = await enterParent(tree, names, layer);
  const file = path.join(tree.directory, ...names);
  if (parent.children.delete(name)) await rm(file, { recursive: true });
  try {
    parent.children.set(name, await write(file));
  } catch (cause) {
    if (!isCollision(cause)) throw cause;
    throw unsafe(names.join('/'), 'collides with another entry on this file system', cause);
  }
}

async function enterParent(tree: Tree, names: readonly string[], layer: number): Promise<DirectoryNode> {
  const above = names.slice(0, -1);
  const found = nodeAt(tree, above);
  if (found?.kind === 'directory') {
    touch(tree, above, layer);
    return found;
  }
  requireWay(tree, names);
  tree.onImplied();
  await makeDirectory(tree, above, layer);
  return enterParent(tree, names, layer);
}

/** Throws `UNSAFE_LAYER` when the way to a place leads through something that is there and is no directory. */
export function requireWay(tree: Tree, names: readonly string[]): void {
  const above = names.slice(0, -1);
  const blocked = above.findIndex((_, depth) => isOther(nodeAt(tree, above.slice(0, depth + 1))));
  if (blocked < 0) return;
  throw unsafe(
    names.join('/'),
    `passes through ${above.slice(0, blocked + 1).join('/')}, which is no directory`,
  );
}

function isOther(node: TreeNode | undefined): boolean {
  return node !== undefined && node.kind !== 'directory';
}

function isCollision(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return (
    code === 'EEXIST' || code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'EISDIR'
  );
}
