import { SupplyChainError } from '../error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { MEDIA_TYPES } from '../oci/media-types.ts';
import type { ImageRepository } from '../oci/repository.ts';
import { type Budget, openBudget } from './budget.ts';
import { type FileTree, fileTree } from './file-tree.ts';
import type { Finding } from './finding.ts';
import { layerEntries, type LayerEntry } from './layer-entries.ts';
import { layerPath, linkedPath } from './layer-path.ts';
import { readerFor } from './read-finding.ts';

/** What the files of an image say about what is in it, as they are when all layers are applied. */
export interface ImageFindings {
  /** In the order of paths. */
  readonly files: readonly (readonly [path: string, finding: Finding])[];
  /** What is at that path, links to directories on the way being followed. */
  get(path: string): Finding | undefined;
}

const LAYERS: readonly string[] = [MEDIA_TYPES.layer, MEDIA_TYPES.dockerLayer];

/** Marks of the OCI image specification for what a layer removes. */
const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';

/**
 * Reads the layers of an image one after the other, each as a stream: of its files only those are kept that say something,
 * and of these only what they say. Throws what the repository throws, `TOO_LARGE`, `MALFORMED_IMAGE`, `UNSAFE_LAYER`.
 */
export async function imageFindings(
  repository: ImageRepository,
  layers: readonly Descriptor[],
  budget: Budget = openBudget(),
  signal?: AbortSignal,
): Promise<ImageFindings> {
  const tree = fileTree<Finding>();
  for (const layer of layers) {
    if (!LAYERS.includes(layer.mediaType)) {
      throw new SupplyChainError(
        'MALFORMED_IMAGE',
        `the layer ${layer.digest} is ${layer.mediaType.slice(0, 100)}; only gzipped layers are read`,
      );
    }
    for await (const entry of layerEntries(repository.blob(layer, signal), budget)) await apply(tree, entry);
    tree.nextLayer();
  }
  return { files: tree.files(), get: (path) => tree.get(tree.resolve(path)) };
}

async function apply(tree: FileTree<Finding>, entry: LayerEntry): Promise<void> {
  const path = tree.resolve(layerPath(entry.name));
  const slash = path.lastIndexOf('/');
  const [directory, name] = [path.slice(0, Math.max(0, slash)), path.slice(slash + 1)];
  if (name === '') return;
  if (name === OPAQUE) return tree.whiteOutContent(directory);
  if (name.startsWith(WHITEOUT)) {
    const removed = name.slice(WHITEOUT.length);
    return tree.whiteOut(directory === '' ? removed : `${directory}/${removed}`);
  }
  switch (entry.kind) {
    case 'directory':
      return tree.putDirectory(path);
    case 'symbolic link':
      return tree.putLink(path, entry.target);
    case 'hard link':
      return applyHardLink(tree, path, entry.target);
    case 'file':
      return applyFile(tree, path, entry);
    case 'other':
      return tree.remove(path);
    default:
      entry.kind satisfies never;
  }
}

async function applyFile(tree: FileTree<Finding>, path: string, entry: LayerEntry): Promise<void> {
  const finding = await readerFor(path)?.(entry);
  if (finding === undefined || finding === null) tree.remove(path);
  else tree.put(path, finding);
}

/** Another name of a file that the archive had before. Its content was read if its first name mattered, too. */
function applyHardLink(tree: FileTree<Finding>, path: string, target: string): void {
  if (readerFor(path) === null) return tree.remove(path);
  const first = tree.resolve(linkedPath('', `/${layerPath(target)}`));
  const finding = tree.get(first);
  if (finding !== undefined) tree.put(path, finding);
  else if (readerFor(first) === null) {
    tree.put(path, {
      kind: 'unreadable',
      why: `it is another name of ${first.slice(0, 200)}, which was not read`,
    });
  } else tree.remove(path);
}
