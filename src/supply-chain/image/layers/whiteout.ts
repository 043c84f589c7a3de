import { unsafe } from './entry-path.ts';
import { requirePlace } from './place.ts';
import { nodeAt, type DirectoryNode, type Names, type Tree } from './tree.ts';

/** Marks of the OCI image specification for what a layer takes away from those below. */
const PREFIX = '.wh.';
const OPAQUE = '.wh..wh..opq';

/**
 * Takes away what a whiteout says, if the entry is one: a name, or with the opaque mark everything in its directory. What
 * the same layer brings stays. Returns whether it was one. Throws `UNSAFE_LAYER` for marks that nobody specified.
 */
export async function applyWhiteout<Content>(
  tree: Tree<Content>,
  names: Names,
  layer: number,
): Promise<boolean> {
  const name = names.at(-1) ?? '';
  if (names.slice(0, -1).some((each) => each.startsWith(PREFIX))) {
    throw unsafe(names.join('/'), 'is inside of a whiteout');
  }
  if (!name.startsWith(PREFIX)) return false;
  const hidden = name.slice(PREFIX.length);
  const isMark =
    name === OPAQUE || !(hidden === '' || hidden === '.' || hidden === '..' || hidden.startsWith(PREFIX));
  if (!isMark) throw unsafe(names.join('/'), 'is not a whiteout that the specification knows');
  const above = requirePlace(tree, names).slice(0, -1);
  const directory = nodeAt(tree, above);
  if (directory?.kind !== 'directory') return true;
  if (name === OPAQUE) await clear(tree, directory, above, layer);
  else await takeAway(tree, { parent: directory, above, name: hidden }, layer);
  return true;
}

/** Once is enough: all that comes into a directory afterwards is from the same layer. */
async function clear<Content>(
  tree: Tree<Content>,
  directory: DirectoryNode<Content>,
  names: Names,
  layer: number,
): Promise<void> {
  if (directory.clearedBy === layer) return;
  directory.clearedBy = layer;
  for (const name of directory.children.keys()) {
    await takeAway(tree, { parent: directory, above: names, name }, layer);
  }
}

interface Child<Content> {
  readonly parent: DirectoryNode<Content>;
  readonly above: Names;
  readonly name: string;
}

async function takeAway<Content>(
  tree: Tree<Content>,
  { parent, above, name }: Child<Content>,
  layer: number,
): Promise<void> {
  const node = parent.children.get(name);
  if (node === undefined) return;
  const names = [...above, name];
  if (node.layer !== layer) {
    parent.children.delete(name);
    await tree.effects.remove(names);
  } else if (node.kind === 'directory') {
    await clear(tree, node, names, layer);
  }
}
