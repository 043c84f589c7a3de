import { SupplyChainError } from '../../error.ts';
import { digestOf, isDigest } from '../../oci/digest.ts';
import { parseManifest, type Manifest } from '../../oci/manifest.ts';
import { LARGEST_MANIFEST, type RawManifest } from '../../oci/repository.ts';
import { Refused, sendNothing } from './answer.ts';
import { readBody } from './body.ts';
import { sizeOfBlob, type Visit } from './serve-blobs.ts';
import type { Shelf } from './shelf.ts';

export async function serveManifest(
  { route: { repository, reference }, request, response }: Visit<'manifest'>,
  shelf: Shelf,
): Promise<void> {
  const { digest, mediaType, bytes } = await find(shelf, repository, reference);
  response.writeHead(200, {
    'content-type': mediaType,
    'content-length': String(bytes.length),
    'docker-content-digest': digest,
    'x-content-type-options': 'nosniff',
  });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

export async function storeManifest(
  { route: { repository, reference }, request, response }: Visit<'manifest'>,
  shelf: Shelf,
): Promise<void> {
  const bytes = await readBody(request, LARGEST_MANIFEST);
  const digest = digestOf(bytes);
  if (isDigest(reference) && reference !== digest) {
    throw new Refused(400, 'DIGEST_INVALID', `these bytes are ${digest}`);
  }
  const mediaType = request.headers['content-type']?.split(';')[0]?.trim() ?? '';
  const manifest = parsed({ digest, mediaType, bytes });
  if (manifest !== null) await checkBlobs(shelf, repository, manifest);
  const tag = isDigest(reference) ? null : reference;
  await shelf.repository(repository).putManifest(bytes, mediaType, tag);
  const subject = manifest?.subject?.digest;
  sendNothing(response, 201, {
    location: `/v2/${repository}/manifests/${digest}`,
    'docker-content-digest': digest,
    ...(subject === undefined ? {} : { 'oci-subject': subject }),
  });
}

async function find(shelf: Shelf, repository: string, reference: string): Promise<RawManifest> {
  const kept = shelf.repository(repository);
  try {
    return await kept.manifest(isDigest(reference) ? reference : await kept.resolve(reference));
  } catch (cause) {
    if (!(cause instanceof SupplyChainError) || cause.code !== 'NOT_FOUND') throw cause;
    throw new Refused(404, 'MANIFEST_UNKNOWN', `there is no ${reference} in ${repository}`, { cause });
  }
}

/** Null for an index of several platforms. */
function parsed(raw: RawManifest): Manifest | null {
  try {
    return parseManifest(raw);
  } catch (cause) {
    if (!(cause instanceof SupplyChainError)) throw cause;
    if (cause.code === 'INDEX_NOT_ALLOWED') return null;
    throw new Refused(400, 'MANIFEST_INVALID', cause.message, { cause });
  }
}

async function checkBlobs(shelf: Shelf, repository: string, { config, layers }: Manifest): Promise<void> {
  for (const { digest, size } of [config, ...layers]) {
    if ((await sizeOfBlob(shelf, repository, digest)) !== size) {
      throw new Refused(
        404,
        'MANIFEST_BLOB_UNKNOWN',
        `there is no ${digest} of ${size} bytes: push it first`,
      );
    }
  }
}
