import type { DirectoryNode, Names, TreeNode } from './tree.ts';

/** Something in a tree, and where. */
export interface Placed<Content> {
  readonly names: Names;
  readonly node: TreeNode<Content>;
}

/**
 * All that is in a directory, each directory before what is in it, in the order of names. However deep it is, the stack is
 * not.
 */
export function* everything<Content>(directory: DirectoryNode<Content>): Generator<Placed<Content>> {
  const open = [{ above: [] as Names, rest: childrenOf(directory) }];
  for (let level = open.at(-1); level !== undefined; level = open.at(-1)) {
    const child = level.rest.pop();
    if (child === undefined) {
      open.pop();
      continue;
    }
    const [name, node] = child;
    const names = [...level.above, name];
    yield { names, node };
    if (node.kind === 'directory') open.push({ above: names, rest: childrenOf(node) });
  }
}

/** The last by name is first. */
function childrenOf<Content>({ children }: DirectoryNode<Content>): [string, TreeNode<Content>][] {
  return [...children].toSorted(([a], [b]) => (a < b ? 1 : -1));
}
