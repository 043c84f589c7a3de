import { unsafe } from './entry-path.ts';
import { nodeAt, type DirectoryNode, type Tree, type TreeNode } from './tree.ts';

/**
 * The target of a symbolic link as it is made: an absolute one, which means a place in the image, is turned into a
 * relative one, so that it means the same in the directory that the image is unpacked into. Throws `UNSAFE_LAYER`.
 */
export function linkTarget(names: readonly string[], target: string, longest: number): string {
  const shown = names.join('/');
  if (
    target === '' ||
    target.includes('\0') ||
    target.includes('\uFFFD') ||
    Buffer.byteLength(target) > longest
  ) {
    throw unsafe(shown, 'is a link to what is no path');
  }
  const above = names.slice(0, -1);
  const steps = target.split('/').filter((step) => step !== '' && step !== '.');
  const place = target.startsWith('/') ? 0 : above.length;
  const lowest = steps.reduce(
    ({ depth, least }, step) => {
      const next = step === '..' ? depth - 1 : depth + 1;
      return { depth: next, least: Math.min(least, next) };
    },
    { depth: place, least: place },
  );
  if (lowest.least < 0) throw unsafe(shown, `is a link to ${JSON.stringify(target)}, out of the image`);
  if (!target.startsWith('/')) return target;
  return [...above.map(() => '..'), ...steps].join('/') || '.';
}

/** More links than this one after the other are a loop, also to the operating system. */
const MOST_LINKS = 40;

/**
 * Checks that no link leads out of the tree, also through other links: what may be said of one alone may be wrong of it
 * together with what came later. Links to nothing and loops lead nowhere. Throws `UNSAFE_LAYER`.
 */
export function requireLinksInside(tree: Tree): void {
  for (const { names, node } of everything(tree.root, [])) {
    if (node.kind === 'symlink' && leaves(tree, names.slice(0, -1), node.target)) {
      throw unsafe(names.join('/'), `is a link to ${JSON.stringify(node.target)}, out of the image`);
    }
  }
}

interface Placed {
  readonly names: readonly string[];
  readonly node: TreeNode;
}

/** All that is in a directory, each directory before what is in it, in the order of names. */
export function* everything(directory: DirectoryNode, above: readonly string[]): Generator<Placed> {
  const children = [...directory.children].toSorted(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, node] of children) {
    const names = [...above, name];
    yield { names, node };
    if (node.kind === 'directory') yield* everything(node, names);
  }
}

/** Goes where the operating system would go, one step after the other. */
function leaves(tree: Tree, from: readonly string[], target: string): boolean {
  let place = from;
  const steps = target.split('/').toReversed();
  let links = 0;
  for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
    if (step === '' || step === '.') continue;
    if (step === '..') {
      if (place.length === 0) return true;
      place = place.slice(0, -1);
      continue;
    }
    const next = [...place, step];
    const node = nodeAt(tree, next);
    if (node === undefined || node.kind === 'file') return false;
    if (node.kind === 'directory') {
      place = next;
      continue;
    }
    links += 1;
    if (links > MOST_LINKS) return false;
    steps.push(...node.target.split('/').toReversed());
  }
  return false;
}
