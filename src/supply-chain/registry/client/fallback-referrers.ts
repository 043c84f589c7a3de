import { randomInt } from 'node:crypto';
import { SupplyChainError } from '../../error.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { isDigest, type Digest } from '../../oci/digest.ts';
import { parseManifest, type Manifest } from '../../oci/manifest.ts';
import { MEDIA_TYPES } from '../../oci/media-types.ts';
import { MOST_REFERRERS } from '../../oci/repository.ts';
import type { Clock } from '../../../clock/clock.ts';
import { fallbackTag, readFallbackIndex, type FallbackIndex } from './fallback-index.ts';
import { tooMany } from './listed-referrers.ts';
import { readManifest, writeManifest } from './manifests.ts';
import type { RegistryClient } from './registry-client.ts';

const AT_ONCE = 8;
const WRITES = 8;
const LONGEST_WAIT = 400;

const UNREADABLE: readonly string[] = [
  'NOT_FOUND',
  'MALFORMED_IMAGE',
  'INDEX_NOT_ALLOWED',
  'MEDIATYPE_CONFUSION',
  'TOO_LARGE',
];

/**
 * What refers to the image by the index under its fallback tag. Anyone who may push can write anything into it, so each
 * manifest is read, and counts only if it says itself that this image is its subject.
 */
export async function fallbackReferrers(
  client: RegistryClient,
  subject: Digest,
  signal?: AbortSignal,
): Promise<readonly Descriptor[]> {
  const index = await readFallbackIndex(client, subject, signal);
  const digests = [...new Set((index?.manifests ?? []).map(({ digest }) => digest))].filter(isDigest);
  if (digests.length > MOST_REFERRERS) throw tooMany(client, subject);
  const found: Descriptor[] = [];
  for (let start = 0; start < digests.length; start += AT_ONCE) {
    const some = digests.slice(start, start + AT_ONCE);
    const read = await Promise.all(some.map((digest) => referrerOf(client, subject, digest, signal)));
    found.push(...read.filter((each) => each !== null));
  }
  return found;
}

/** Describes the manifest by what it says itself; null when it does not refer to the image, or cannot be read as one. */
async function referrerOf(
  client: RegistryClient,
  subject: Digest,
  digest: Digest,
  signal?: AbortSignal,
): Promise<Descriptor | null> {
  try {
    const raw = await readManifest(client, digest, signal);
    const manifest = parseManifest(raw);
    if (manifest.subject?.digest !== subject) return null;
    return describe(manifest, { digest, size: raw.bytes.length, mediaType: raw.mediaType });
  } catch (error) {
    if (error instanceof SupplyChainError && UNREADABLE.includes(error.code)) return null;
    throw error;
  }
}

/** The descriptor by which lists of referrers name a manifest. */
export function describe(
  { artifactType, config, annotations }: Manifest,
  plain: Pick<Descriptor, 'mediaType' | 'digest' | 'size'>,
): Descriptor {
  const said = annotations === undefined ? {} : { annotations };
  return { ...plain, artifactType: artifactType ?? config.mediaType, ...said };
}

/**
 * Adds a manifest to the index under the fallback tag. Registries do not offer a write that fails when someone else has
 * written in between, so it is read again after it was written, and added again if it is gone. Rejects with
 * `REGISTRY_UNAVAILABLE` when others keep overwriting it.
 */
export async function addToFallbackIndex(
  client: RegistryClient,
  subject: Digest,
  added: Descriptor,
  clock: Clock,
  signal?: AbortSignal,
): Promise<void> {
  for (let writes = 0; ; writes += 1) {
    const index = await readFallbackIndex(client, subject, signal);
    if (index?.manifests.some(({ digest }) => digest === added.digest)) return;
    if (writes === WRITES) break;
    if (writes > 0) await clock.wait(randomInt(LONGEST_WAIT), signal);
    const bytes = Buffer.from(JSON.stringify(withEntry(index, added)));
    await writeManifest(client, bytes, { mediaType: MEDIA_TYPES.index, tag: fallbackTag(subject) }, signal);
  }
  throw new SupplyChainError(
    'REGISTRY_UNAVAILABLE',
    `others keep overwriting the tag ${fallbackTag(subject)} of ${client.name}: try again when they are done`,
  );
}

function withEntry(index: FallbackIndex | null, added: Descriptor): FallbackIndex {
  const empty = { schemaVersion: 2 as const, mediaType: MEDIA_TYPES.index };
  return { ...(index ?? empty), manifests: [...(index?.manifests ?? []), { ...added }] };
}
