import type { ArchiveEntry } from './archive-entry.ts';
import { namesOf, requireTarget, unsafe } from './entry-path.ts';
import { requirePlace } from './place.ts';
import { nodeAt, pathRules, put, putDirectory, type Names, type Tree } from './tree.ts';
import { applyWhiteout } from './whiteout.ts';

/**
 * Applies one entry of a layer to what the layers before, and the entries before in its own, have come to. Layers are
 * counted from 1. Throws `UNSAFE_LAYER`, `TOO_LARGE`, and what the effects throw.
 */
export async function applyEntry<Content>(
  tree: Tree<Content>,
  entry: ArchiveEntry,
  layer: number,
): Promise<void> {
  tree.budget.entry();
  const said = namesOf(entry.name, pathRules(tree));
  if (await applyWhiteout(tree, said, layer)) return;
  const names = requirePlace(tree, said);
  switch (entry.kind) {
    case 'directory':
      return names.length === 0 ? undefined : putDirectory(tree, names, layer);
    case 'symbolic link':
      requireTarget(names, entry.target, pathRules(tree));
      return put(tree, names, layer, async () => {
        await tree.effects.makeLink(names, entry.target);
        return { kind: 'symlink', layer, target: entry.target };
      });
    case 'hard link':
      return putSecondName(tree, names, entry, layer);
    case 'file':
      return put(tree, names, layer, async () => ({
        kind: 'file',
        layer,
        content: await tree.effects.makeFile(names, entry),
      }));
    case 'device':
      if (tree.purpose === 'a directory') throw unsafe(entry.name, 'is a device or a pipe');
      return put(tree, names, layer, async () => ({ kind: 'device', layer }));
    default:
      return entry.kind satisfies never;
  }
}

/** What it is another name of must be there, and still be there when its own place is free. */
async function putSecondName<Content>(
  tree: Tree<Content>,
  names: Names,
  entry: ArchiveEntry,
  layer: number,
): Promise<void> {
  const original = requirePlace(tree, namesOf(entry.target, pathRules(tree)));
  const found = nodeAt(tree, original);
  const isTakenAway = names.every((name, index) => original[index] === name);
  const isFile = found?.kind === 'file' || tree.purpose === 'a container';
  if (found === undefined || found.kind === 'directory' || isTakenAway || !isFile) {
    throw unsafe(entry.name, `is a hard link to ${JSON.stringify(entry.target)}, which is no other file`);
  }
  await put(tree, names, layer, async () => {
    if (found.kind !== 'file') return { ...found, layer };
    return { ...found, layer, content: await tree.effects.makeSecondName(names, original, found.content) };
  });
}
