import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { stat } from 'node:fs/promises';
import { SupplyChainError } from '../../error.ts';
import { layoutPaths } from '../../layout/layout-paths.ts';
import { isDigest, type Digest } from '../../oci/digest.ts';
import { isRepositoryName } from '../../oci/reference.ts';
import type { Content } from '../../oci/repository.ts';
import { Refused, sendNothing } from './answer.ts';
import { bodyOf } from './body.ts';
import { isStorable } from './repository-directory.ts';
import { digestIn, type Route } from './route.ts';
import type { Shelf } from './shelf.ts';
import type { Uploads } from './uploads.ts';

/** A request, with what it is about. */
export interface Visit<K extends Route['kind']> {
  readonly route: Extract<Route, { readonly kind: K }>;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
}

export async function serveBlob({ route, request, response }: Visit<'blob'>, shelf: Shelf): Promise<void> {
  const { repository, digest } = route;
  const size = await sizeOfBlob(shelf, repository, digest);
  if (size === null) throw new Refused(404, 'BLOB_UNKNOWN', `there is no ${digest} in ${repository}`);
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': String(size),
    'docker-content-digest': digest,
    'x-content-type-options': 'nosniff',
  });
  if (request.method === 'HEAD') return void response.end();
  const blob = shelf.repository(repository).blob({ mediaType: 'application/octet-stream', digest, size });
  await pipeline(blob, response);
}

/** Begins an upload; or takes the blob at once; or takes it over from another repository. */
export async function beginUpload(
  { route: { repository }, request, response, query }: Visit<'uploads'>,
  shelf: Shelf,
  uploads: Uploads,
): Promise<void> {
  const mounted = query.get('mount');
  const from = query.get('from');
  if (mounted !== null && from !== null && (await mount(shelf, { mounted, from, to: repository }))) {
    return sendStored(response, repository, digestIn(mounted));
  }
  const said = query.get('digest');
  const digest = said === null ? null : digestIn(said);
  const id = await uploads.begin(repository);
  if (digest === null) return sendProgress(response, repository, id, 0);
  await finish({ repository, id, digest, source: bodyOf(request) }, shelf, uploads);
  sendStored(response, repository, digest);
}

export async function continueUpload(
  { route: { repository, id }, request, response, query }: Visit<'upload'>,
  shelf: Shelf,
  uploads: Uploads,
): Promise<void> {
  switch (request.method ?? '') {
    case 'GET':
      return sendProgress(response, repository, id, uploads.size(repository, id), 204);
    case 'PATCH': {
      const size = await uploads.append(repository, id, { source: bodyOf(request), start: startOf(request) });
      return sendProgress(response, repository, id, size);
    }
    case 'PUT': {
      const digest = digestIn(query.get('digest'));
      await finish({ repository, id, digest, source: bodyOf(request) }, shelf, uploads);
      return sendStored(response, repository, digest);
    }
    case 'DELETE':
      await uploads.drop(repository, id);
      return sendNothing(response, 204);
    default:
      throw new Refused(405, 'UNSUPPORTED', 'an upload is added to by PATCH and PUT');
  }
}

/** The size of a blob in bytes, or null when it is not there. */
export async function sizeOfBlob(shelf: Shelf, repository: string, digest: Digest): Promise<number | null> {
  try {
    return (await stat(layoutPaths(shelf.directory(repository)).blob(digest))).size;
  } catch {
    return null;
  }
}

interface Finish {
  readonly repository: string;
  readonly id: string;
  readonly digest: Digest;
  readonly source: AsyncIterable<Uint8Array>;
}

/** Whatever comes of it, the upload is over. */
async function finish({ repository, id, digest, source }: Finish, shelf: Shelf, uploads: Uploads) {
  try {
    await uploads.append(repository, id, { source, start: null });
    await store(shelf, repository, uploads.content(repository, id, digest));
  } finally {
    await uploads.drop(repository, id);
  }
}

async function store(shelf: Shelf, repository: string, content: Content): Promise<void> {
  try {
    await shelf.repository(repository).putBlob(content);
  } catch (cause) {
    if (!(cause instanceof SupplyChainError) || cause.code !== 'DIGEST_MISMATCH') throw cause;
    throw new Refused(400, 'DIGEST_INVALID', cause.message, { cause });
  }
}

interface Mount {
  readonly mounted: string;
  readonly from: string;
  readonly to: string;
}

async function mount(shelf: Shelf, { mounted, from, to }: Mount): Promise<boolean> {
  if (!isDigest(mounted) || !isRepositoryName(from) || !isStorable(from)) return false;
  const size = await sizeOfBlob(shelf, from, mounted);
  if (size === null) return false;
  const blob = { mediaType: 'application/octet-stream', digest: mounted, size };
  await store(shelf, to, { digest: mounted, size, open: () => shelf.repository(from).blob(blob) });
  return true;
}

function startOf({ headers }: IncomingMessage): number | null {
  const range = headers['content-range'];
  if (range === undefined) return null;
  const [, start] = /^(?:bytes[ =])?(\d{1,15})-\d{1,15}(?:\/.*)?$/.exec(range) ?? [];
  if (start === undefined) throw new Refused(416, 'BLOB_UPLOAD_INVALID', 'Content-Range must be first-last');
  return Number(start);
}

function sendProgress(
  response: ServerResponse,
  repository: string,
  id: string,
  size: number,
  status = 202,
): void {
  sendNothing(response, status, {
    location: `/v2/${repository}/blobs/uploads/${id}`,
    range: `0-${Math.max(0, size - 1)}`,
    'docker-upload-uuid': id,
  });
}

function sendStored(response: ServerResponse, repository: string, digest: Digest): void {
  sendNothing(response, 201, {
    location: `/v2/${repository}/blobs/${digest}`,
    'docker-content-digest': digest,
  });
}
