import { z } from 'zod';
import { SupplyChainError } from '../../error.ts';
import { hexOf, type Digest } from '../../oci/digest.ts';
import { MEDIA_TYPES } from '../../oci/media-types.ts';
import { readManifest } from './manifests.ts';
import type { RegistryClient } from './registry-client.ts';

const entry = z.looseObject({ digest: z.string().max(255) });
const index = z.looseObject({
  schemaVersion: z.literal(2),
  mediaType: z.literal(MEDIA_TYPES.index).exactOptional(),
  manifests: z.array(entry),
});

/** The index that stands in for the referrers API. What others wrote into it is kept as it is. */
export type FallbackIndex = z.infer<typeof index>;

/** The tag that this index has, by OCI distribution 1.1: `sha256-…`. */
export function fallbackTag(subject: Digest): string {
  return `sha256-${hexOf(subject)}`;
}

/** Whether the tag stands in for the referrers API, and is no name that somebody gave. */
export function isFallbackTag(tag: string): boolean {
  return /^sha256-[0-9a-f]{64}$/.test(tag);
}

/** The index of what refers to the image; null when there is none. Throws `MALFORMED_IMAGE` when it is something else. */
export async function readFallbackIndex(
  client: RegistryClient,
  subject: Digest,
  signal?: AbortSignal,
): Promise<FallbackIndex | null> {
  const tag = fallbackTag(subject);
  const raw = await readManifest(client, tag, signal).catch((error: unknown) => {
    if (error instanceof SupplyChainError && error.code === 'NOT_FOUND') return null;
    throw error;
  });
  if (raw === null) return null;
  try {
    z.literal(MEDIA_TYPES.index).parse(raw.mediaType);
    return index.parse(JSON.parse(Buffer.from(raw.bytes).toString('utf8')));
  } catch (cause) {
    throw new SupplyChainError(
      'MALFORMED_IMAGE',
      `the tag ${tag} of ${client.name} is not the index of what refers to the image: remove the tag`,
      { cause },
    );
  }
}
