import { SupplyChainError } from '../../error.ts';
import { unsafe } from './entry-path.ts';
import type { DirectoryNode, Tree, TreeNode } from './tree.ts';

/**
 * The target of a symbolic link as it is made: an absolute one, which means a place in the image, is turned into a
 * relative one, so that it means the same in the directory that the image is unpacked into. Where it leads can only be
 * said when everything is there. Throws `UNSAFE_LAYER`.
 */
export function linkTarget(names: readonly string[], target: string, longest: number): string {
  const isPath = target !== '' && !target.includes('\0') && !target.includes('\uFFFD');
  if (!isPath || Buffer.byteLength(target) > longest) {
    throw unsafe(names.join('/'), 'is a link to what is no path');
  }
  if (!target.startsWith('/')) return target;
  const steps = target.split('/').filter((step) => step !== '' && step !== '.');
  return [...names.slice(1).map(() => '..'), ...steps].join('/') || '.';
}

/** More links than this one after the other are a loop, also to the operating system. */
const MOST_LINKS = 40;

/** Steps over all links of an image. Real ones take a few for each link. */
const MOST_STEPS = 20_000_000;

/**
 * Checks that no link leads out of the tree, also through other links: what may be said of one alone may be wrong of it
 * together with what came later. Links to nothing and loops lead nowhere. Throws `UNSAFE_LAYER`, and `TOO_LARGE` when it
 * takes too long to tell.
 */
export function requireLinksInside(tree: Tree): void {
  let steps = 0;
  const step = () => {
    steps += 1;
    if (steps > MOST_STEPS)
      throw new SupplyChainError('TOO_LARGE', 'an image has too many links through links');
  };
  for (const { names, node } of everything(tree.root, [])) {
    if (node.kind === 'symlink' && leaves(directoriesTo(tree, names), node.target, step)) {
      throw unsafe(names.join('/'), `is a link to ${JSON.stringify(node.target)}, out of the image`);
    }
  }
}

/** The directories on the way to something, from the root on. */
function directoriesTo({ root }: Tree, names: readonly string[]): readonly DirectoryNode[] {
  const way = [root];
  for (const name of names) {
    const next = way.at(-1)?.children.get(name);
    if (next?.kind === 'directory') way.push(next);
  }
  return way;
}

/** Goes where the operating system would go, one step after the other. */
function leaves(from: readonly DirectoryNode[], target: string, onStep: () => void): boolean {
  const way = [...from];
  const steps = target.split('/').toReversed();
  let links = 0;
  for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
    onStep();
    if (step === '' || step === '.') continue;
    if (step === '..') {
      way.pop();
      if (way.length === 0) return true;
      continue;
    }
    const node = way.at(-1)?.children.get(step);
    if (node?.kind === 'directory') {
      way.push(node);
      continue;
    }
    links += 1;
    if (node?.kind !== 'symlink' || links > MOST_LINKS) return false;
    steps.push(...node.target.split('/').toReversed());
  }
  return false;
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
