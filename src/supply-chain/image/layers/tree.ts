import type { ArchiveEntry } from './archive-entry.ts';
import { type PathRules, type Purpose, unsafe } from './entry-path.ts';
import type { Budget } from './limits.ts';

/** A file, and what is kept of its content. */
export interface FileNode<Content> {
  readonly kind: 'file';
  readonly layer: number;
  readonly content: Content;
}

export interface LinkNode {
  readonly kind: 'symlink';
  readonly layer: number;
  /** As the archive has it. */
  readonly target: string;
}

/** A device, a pipe. */
interface DeviceNode {
  readonly kind: 'device';
  readonly layer: number;
}

export interface DirectoryNode<Content> {
  readonly kind: 'directory';
  /** The last layer that had an entry for it, or for something in it. */
  layer: number;
  /** The last layer that took away all in it that is from other layers. */
  clearedBy: number;
  readonly children: Map<string, TreeNode<Content>>;
}

export type TreeNode<Content> = FileNode<Content> | LinkNode | DeviceNode | DirectoryNode<Content>;

/** From the root of an image to something in it. */
export type Names = readonly string[];

/**
 * What is done with the files while layers are applied, each as soon as it is decided. Places have only directories on the
 * way, which are there. What is made takes no place that is taken: that was removed before.
 */
export interface Effects<Content> {
  makeDirectory(names: Names): Promise<void>;
  makeLink(names: Names, target: string): Promise<void>;
  /** Makes a second name for a file. Returns what is kept of it under that name. */
  makeSecondName(names: Names, original: Names, content: Content): Promise<Content>;
  makeFile(names: Names, entry: ArchiveEntry): Promise<Content>;
  /** With everything in it. */
  remove(names: Names): Promise<void>;
}

/**
 * What the layers of an image come to, as far as they have been applied. All decisions are made by what is in here, and
 * none by looking at a disk.
 */
export interface Tree<Content> {
  readonly root: DirectoryNode<Content>;
  readonly purpose: Purpose;
  readonly budget: Budget;
  readonly effects: Effects<Content>;
}

/** A tree of nothing but its root. */
export function emptyTree<Content>(
  purpose: Purpose,
  budget: Budget,
  effects: Effects<Content>,
): Tree<Content> {
  return { root: emptyDirectory(0), purpose, budget, effects };
}

/** How paths in the layers of the tree are read. */
export function pathRules<Content>({ budget, purpose }: Tree<Content>): PathRules {
  return { longest: budget.path, purpose };
}

function emptyDirectory<Content>(layer: number): DirectoryNode<Content> {
  return { kind: 'directory', layer, clearedBy: 0, children: new Map() };
}

/** What is at that path, not looking through links. */
export function nodeAt<Content>({ root }: Tree<Content>, names: Names): TreeNode<Content> | undefined {
  let node: TreeNode<Content> | undefined = root;
  for (const name of names) {
    if (node?.kind !== 'directory') return undefined;
    node = node.children.get(name);
  }
  return node;
}

/**
 * The directory at that place, made with those above it if it is not there. Writes down that the layer has something in all
 * of them.
 */
async function enterDirectory<Content>(
  { root, budget, effects }: Tree<Content>,
  names: Names,
  layer: number,
): Promise<DirectoryNode<Content>> {
  let directory = root;
  directory.layer = layer;
  for (const [index, name] of names.entries()) {
    let next = directory.children.get(name);
    if (next === undefined) {
      const here = names.slice(0, index + 1);
      budget.entry();
      await effects.makeDirectory(here);
      next = emptyDirectory(layer);
      directory.children.set(name, next);
    }
    if (next.kind !== 'directory') throw unsafe(names.join('/'), 'passes through what is no directory');
    next.layer = layer;
    directory = next;
  }
  return directory;
}

/** Makes a directory, unless there is one. */
export async function putDirectory<Content>(tree: Tree<Content>, names: Names, layer: number): Promise<void> {
  if (nodeAt(tree, names)?.kind === 'directory') await enterDirectory(tree, names, layer);
  else {
    await put(tree, names, layer, async () => {
      await tree.effects.makeDirectory(names);
      return emptyDirectory(layer);
    });
  }
}

/** Puts something where nothing is afterwards but this. */
export async function put<Content>(
  tree: Tree<Content>,
  names: Names,
  layer: number,
  make: () => Promise<TreeNode<Content>>,
): Promise<void> {
  const name = names.at(-1);
  if (name === undefined) throw unsafe('.', 'is the root, and must be a directory');
  const parent = await enterDirectory(tree, names.slice(0, -1), layer);
  if (parent.children.delete(name)) await tree.effects.remove(names);
  parent.children.set(name, await make());
}
