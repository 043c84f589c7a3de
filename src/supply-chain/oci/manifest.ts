import { z } from 'zod';
import { SupplyChainError } from '../error.ts';
import { descriptor } from './descriptor.ts';
import { MEDIA_TYPES } from './media-types.ts';
import type { RawManifest } from './repository.ts';

const manifest = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.string().exactOptional(),
  artifactType: z.string().exactOptional(),
  config: descriptor,
  layers: z.array(descriptor).max(512),
  subject: descriptor.nullable().exactOptional(),
  annotations: z.record(z.string(), z.string()).exactOptional(),
});

/** A manifest of an image, or of something that is attached to one. */
export type Manifest = z.infer<typeof manifest>;

const INDEXES: readonly string[] = [MEDIA_TYPES.index, MEDIA_TYPES.dockerIndex];
const MANIFESTS: readonly string[] = [MEDIA_TYPES.manifest, MEDIA_TYPES.dockerManifest];

/**
 * Reads the manifest of one image or of one attachment. What could be read both as an index and as a manifest, or says
 * it is something else than what it was served as, is refused (CVE-2021-41190). Throws `INDEX_NOT_ALLOWED`,
 * `MEDIATYPE_CONFUSION`, `MALFORMED_IMAGE`.
 */
export function parseManifest({ bytes, mediaType, digest }: RawManifest): Manifest {
  const document = parseDocument(bytes, digest);
  const said = document['mediaType'];
  if (said !== undefined && said !== mediaType) {
    throw new SupplyChainError(
      'MEDIATYPE_CONFUSION',
      `${digest} was served as ${mediaType.slice(0, 100)}, and says that it is ${JSON.stringify(said).slice(0, 100)}`,
    );
  }
  const isBoth = 'manifests' in document && ('layers' in document || 'config' in document);
  if (isBoth || ('manifests' in document && !INDEXES.includes(mediaType))) {
    throw new SupplyChainError(
      'MEDIATYPE_CONFUSION',
      `${digest} could be read as an index and as a manifest`,
    );
  }
  if (INDEXES.includes(mediaType)) {
    throw new SupplyChainError(
      'INDEX_NOT_ALLOWED',
      `${digest} is an index of several platforms; give the digest of the image of one platform`,
    );
  }
  if (!MANIFESTS.includes(mediaType)) {
    throw new SupplyChainError(
      'MALFORMED_IMAGE',
      `${digest} is no manifest of an image, but ${mediaType.slice(0, 100)}`,
    );
  }
  const parsed = manifest.safeParse(document);
  if (parsed.success) return parsed.data;
  throw malformed(digest, z.prettifyError(parsed.error));
}

function parseDocument(bytes: Uint8Array, digest: string): Record<string, unknown> {
  try {
    const document: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return z.record(z.string(), z.unknown()).parse(document);
  } catch (cause) {
    throw malformed(digest, 'it is no JSON object', cause);
  }
}

function malformed(digest: string, detail: string, cause?: unknown): SupplyChainError {
  const options = cause === undefined ? undefined : { cause };
  return new SupplyChainError('MALFORMED_IMAGE', `the manifest ${digest} is malformed: ${detail}`, options);
}
