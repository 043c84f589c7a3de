import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { takeExclusiveLock } from '../../locks/exclusive-lock.ts';
import { SupplyChainError } from '../error.ts';
import { descriptor, type Descriptor } from '../oci/descriptor.ts';
import { MEDIA_TYPES } from '../oci/media-types.ts';
import type { LayoutPaths } from './layout-paths.ts';
import { openPlainFile } from './plain-file.ts';
import { writeWhole } from './whole-file.ts';

const index = z.object({ schemaVersion: z.literal(2), manifests: z.array(descriptor) });

const LOCKED_FOR = 10_000;
const LOOK_EVERY = 20;

/** The manifests that a layout has; none when there is no layout yet. Throws `MALFORMED_IMAGE`. */
export async function readIndex(paths: LayoutPaths): Promise<readonly Descriptor[]> {
  try {
    await using file = await openPlainFile(paths.index);
    return index.parse(JSON.parse(await file.readFile('utf8'))).manifests;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    throw new SupplyChainError('MALFORMED_IMAGE', `${paths.index} is no index of an OCI image layout`, {
      cause,
    });
  }
}

/** Changes what a layout has, one writer at a time. */
export async function changeIndex(
  paths: LayoutPaths,
  change: (manifests: readonly Descriptor[]) => readonly Descriptor[],
): Promise<void> {
  const lock = await takeLock(paths);
  try {
    const manifests = change(await readIndex(paths));
    const document = { schemaVersion: 2, mediaType: MEDIA_TYPES.index, manifests };
    await writeWhole(paths.marker, paths.unfinished, [Buffer.from('{"imageLayoutVersion":"1.0.0"}')]);
    await writeWhole(paths.index, paths.unfinished, [Buffer.from(JSON.stringify(document))]);
  } finally {
    lock.release();
  }
}

async function takeLock({ lock }: LayoutPaths) {
  for (let waited = 0; waited <= LOCKED_FOR; waited += LOOK_EVERY) {
    const taken = takeExclusiveLock(lock);
    if (taken !== null) return taken;
    await wait(LOOK_EVERY);
  }
  throw new SupplyChainError('REGISTRY_UNAVAILABLE', `another process keeps ${lock} locked`);
}
