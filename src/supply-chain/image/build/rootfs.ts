import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { SupplyChainError } from '../../error.ts';
import { applyArchive } from '../layers/apply-archive.ts';
import { budgetOf } from '../layers/limits.ts';
import { DEFAULT_LIMITS } from '../unpack/unpack-image.ts';
import { makeTree } from '../unpack/written-tree.ts';
import type { LayerEntry } from './layer-entry.ts';
import { walk } from './walk.ts';

/**
 * What is in a root file system: a directory, or a tar archive (also gzipped), which is unpacked into `scratch` first.
 * Throws `UNBUILDABLE`, and of an archive what unpacking an image throws.
 */
export async function rootfsEntries(
  place: string,
  scratch: string,
  signal?: AbortSignal,
): Promise<readonly LayerEntry[]> {
  const kind = await kindOf(place);
  if (kind === 'directory') return walk(place, { at: '', anyLinks: true });
  const directory = path.join(scratch, 'rootfs');
  const tree = await makeTree(directory, budgetOf(DEFAULT_LIMITS, place));
  await applyArchive({ tree, layer: 1, what: place }, async (extract) => {
    const source = createReadStream(place, { signal });
    await (/\.t?gz$/.test(place) ? pipeline(source, createGunzip(), extract) : pipeline(source, extract));
  });
  return walk(directory, { at: '', anyLinks: true });
}

async function kindOf(place: string): Promise<'directory' | 'file'> {
  try {
    return (await stat(place)).isDirectory() ? 'directory' : 'file';
  } catch (cause) {
    throw new SupplyChainError(
      'UNBUILDABLE',
      `there is no root file system ${place}; give a directory or a tar archive`,
      { cause },
    );
  }
}
