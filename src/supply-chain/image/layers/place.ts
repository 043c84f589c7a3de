import { requireShort, unsafe } from './entry-path.ts';
import type { DirectoryNode, Names, Tree } from './tree.ts';

/** More links than this one after the other are a loop, also to the operating system. */
export const MOST_LINKS = 40;

/**
 * Where an entry really goes: links on the way to it are followed as in a container, where the root is as far up as a link
 * can lead. What is there already is not looked at. Throws `UNSAFE_LAYER` when the way leads through what is no directory,
 * which in a tree for a directory is a link as well, and `TOO_LARGE`.
 */
export function requirePlace<Content>(tree: Tree<Content>, names: Names): Names {
  const place = placeOf(tree, names);
  if (place.kind === 'found') return place.names;
  throw unsafe(names.join('/'), `passes through ${place.at.join('/')}, which is no directory`);
}

/** The same as an answer. */
export function placeOf<Content>(
  tree: Tree<Content>,
  names: Names,
): { readonly kind: 'found'; readonly names: Names } | { readonly kind: 'blocked'; readonly at: Names } {
  const last = names.at(-1);
  if (last === undefined) return { kind: 'found', names };
  const way: Way<Content> = { names: [], directories: [tree.root] };
  const steps = names.slice(0, -1).toReversed();
  let links = 0;
  for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
    if (links > 0) tree.budget.linkStep();
    const went = goTo(way, step);
    if (went.kind === 'through') continue;
    links += 1;
    if (went.kind === 'blocked' || tree.purpose === 'a directory' || links > MOST_LINKS) {
      return { kind: 'blocked', at: [...way.names, step] };
    }
    if (went.target.startsWith('/')) backToRoot(way);
    steps.push(...went.target.split('/').toReversed());
  }
  const found = [...way.names, last];
  if (links > 0) requireShort(found.join('/'), tree.budget.path);
  return { kind: 'found', names: found };
}

interface Way<Content> {
  readonly names: string[];
  /** The root, and one for each name; undefined when it is not there yet. */
  readonly directories: (DirectoryNode<Content> | undefined)[];
}

type Went =
  | { readonly kind: 'through' }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'blocked' };

/** Goes one step, unless something is there that is no directory. */
function goTo<Content>({ names, directories }: Way<Content>, step: string): Went {
  if (step === '' || step === '.') return { kind: 'through' };
  if (step === '..') {
    if (names.pop() !== undefined) directories.pop();
    return { kind: 'through' };
  }
  const node = directories.at(-1)?.children.get(step);
  if (node?.kind === 'symlink') return { kind: 'link', target: node.target };
  if (node !== undefined && node.kind !== 'directory') return { kind: 'blocked' };
  names.push(step);
  directories.push(node);
  return { kind: 'through' };
}

function backToRoot<Content>({ names, directories }: Way<Content>): void {
  names.length = 0;
  directories.length = 1;
}
