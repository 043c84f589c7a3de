import { unsafe } from '../layers/entry-path.ts';
import { everything } from '../layers/everything.ts';
import { MOST_LINKS } from '../layers/place.ts';
import type { DirectoryNode, Names, Tree } from '../layers/tree.ts';

/**
 * The target of a symbolic link as it is made in a directory: an absolute one, which means a place in the image, is turned
 * into a relative one, so that it means the same. Where it leads can only be said when everything is there.
 */
export function linkTarget(names: Names, target: string): string {
  if (!target.startsWith('/')) return target;
  const steps = target.split('/').filter((step) => step !== '' && step !== '.');
  return [...names.slice(1).map(() => '..'), ...steps].join('/') || '.';
}

/**
 * Checks that no link leads out of the tree, also through other links: what may be said of one alone may be wrong of it
 * together with what came later. Links to nothing and loops lead nowhere. Throws `UNSAFE_LAYER`, and `TOO_LARGE` when it
 * takes too long to tell.
 */
export function requireLinksInside<Content>(tree: Tree<Content>): void {
  for (const { names, node } of everything(tree.root)) {
    if (node.kind === 'symlink' && leaves(tree, names, node.target)) {
      throw unsafe(names.join('/'), `is a link to ${JSON.stringify(node.target)}, out of the image`);
    }
  }
}

/** The directories on the way to something, from the root on. */
function directoriesTo<Content>({ root }: Tree<Content>, names: Names): DirectoryNode<Content>[] {
  const way = [root];
  for (const name of names) {
    const next = way.at(-1)?.children.get(name);
    if (next?.kind === 'directory') way.push(next);
  }
  return way;
}

/** Goes where the operating system would go if the tree were its root, one step after the other. */
function leaves<Content>(tree: Tree<Content>, link: Names, target: string): boolean {
  const way = directoriesTo(tree, link);
  const steps: string[] = [];
  follow(target);
  let links = 0;
  for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
    tree.budget.linkStep();
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
    follow(node.target);
  }
  return false;

  function follow(to: string): void {
    if (to.startsWith('/')) way.length = 1;
    steps.push(...to.split('/').toReversed());
  }
}
