import type { ArchiveEntry } from '../image/layers/archive-entry.ts';
import { applyLayers } from '../image/layers/apply-layers.ts';
import { everything } from '../image/layers/everything.ts';
import { budgetOf, LARGEST_IMAGE, type LayerLimits } from '../image/layers/limits.ts';
import { placeOf } from '../image/layers/place.ts';
import { type Effects, emptyTree, type Names, nodeAt, type Tree } from '../image/layers/tree.ts';
import type { InspectedImage } from '../image/inspect-image.ts';
import type { ImageRepository } from '../oci/repository.ts';
import type { Finding } from './finding.ts';
import { readerFor } from './read-finding.ts';

/** What the files of an image say about what is in it, as they are when all layers are applied. */
export interface ImageFindings {
  /** In the order of paths. */
  readonly files: readonly (readonly [path: string, finding: Finding])[];
  /** What is at that path, links to directories on the way being followed. */
  get(path: string): Finding | undefined;
}

/** Nothing is written down of what is read, so it does not matter how well it was compressed. */
const SBOM_LIMITS: LayerLimits = {
  ...LARGEST_IMAGE,
  compressed: Number.MAX_SAFE_INTEGER,
  ratio: Number.MAX_SAFE_INTEGER,
  path: 4096,
};

/** What a file says; null for one that says nothing. */
type Said = Finding | null;

/**
 * Reads the layers of an image one after the other, each as a stream: of its files only those are read that say something,
 * and of these only what they say is kept. Throws what `applyLayers` throws.
 */
export async function imageFindings(
  repository: ImageRepository,
  { digest, layers }: Pick<InspectedImage, 'digest' | 'layers'>,
  limits: LayerLimits = SBOM_LIMITS,
  signal?: AbortSignal,
): Promise<ImageFindings> {
  const tree = emptyTree('a container', budgetOf(limits, digest), READING);
  await applyLayers(repository, layers, tree, signal);
  return { files: findingsIn(tree), get: (path) => findingAt(tree, path.split('/')) ?? undefined };
}

const nothing = () => Promise.resolve();

/** What is there is kept in the tree, and nowhere else. */
const READING: Effects<Said> = {
  makeDirectory: nothing,
  makeLink: nothing,
  remove: nothing,
  makeFile: (names, entry) => said(names.join('/'), entry),
  makeSecondName: async (names, original, content) =>
    saidBySecondName(names.join('/'), original.join('/'), content),
};

async function said(path: string, entry: ArchiveEntry): Promise<Said> {
  const read = readerFor(path);
  if (read === null) return null;
  if (path.includes('\uFFFD')) return { kind: 'unreadable', why: 'its name is not UTF-8 text' };
  return read(entry);
}

/** Its content was read if its first name mattered in the same way. */
function saidBySecondName(path: string, original: string, content: Said): Said {
  const read = readerFor(path);
  if (read === null) return null;
  if (read === readerFor(original)) return content;
  return {
    kind: 'unreadable',
    why: `it is another name of ${original.slice(0, 200)}, which was not read`,
  };
}

function findingsIn({ root }: Tree<Said>): ImageFindings['files'] {
  const found: (readonly [string, Finding])[] = [];
  for (const { names, node } of everything(root)) {
    if (node.kind === 'file' && node.content !== null) found.push([names.join('/'), node.content]);
  }
  return found.toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function findingAt(tree: Tree<Said>, names: Names): Said | undefined {
  const place = placeOf(tree, names);
  const node = place.kind === 'found' ? nodeAt(tree, place.names) : undefined;
  return node?.kind === 'file' ? node.content : undefined;
}
