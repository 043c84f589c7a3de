import type { IncomingMessage, ServerResponse } from 'node:http';
import { SupplyChainError } from '../../error.ts';
import { Refused, sendJson, sendRefusal } from './answer.ts';
import { parseRoute } from './route.ts';
import { beginUpload, continueUpload, serveBlob } from './serve-blobs.ts';
import { serveReferrers, serveTags } from './serve-lists.ts';
import { serveManifest, storeManifest } from './serve-manifests.ts';
import type { Shelf } from './shelf.ts';
import type { Uploads } from './uploads.ts';
import { checkVisitor } from './visitors.ts';

export type RegistryHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

interface Parts {
  readonly shelf: Shelf;
  readonly uploads: Uploads;
  /** Entries on one page of a list. */
  readonly pageSize: number;
}

/** Answers requests of the OCI distribution API 1.1. Never rejects. */
export function registryHandler(parts: Parts): RegistryHandler {
  return async (request, response) => {
    try {
      checkVisitor(request);
      await handle(request, response, parts);
    } catch (error) {
      refuse(request, response, error);
    }
  };
}

async function handle(request: IncomingMessage, response: ServerResponse, parts: Parts): Promise<void> {
  const { shelf, uploads, pageSize } = parts;
  const [path = '', search = ''] = (request.url ?? '').split('?', 2);
  const visit = { request, response, query: new URLSearchParams(search) };
  const route = parseRoute(path);
  const isReading = request.method === 'GET' || request.method === 'HEAD';
  switch (route.kind) {
    case 'version':
      if (!isReading) break;
      return sendJson(response, 200, {}, { 'docker-distribution-api-version': 'registry/2.0' });
    case 'blob':
      if (!isReading) break;
      return serveBlob({ ...visit, route }, shelf);
    case 'uploads':
      if (request.method !== 'POST') break;
      return beginUpload({ ...visit, route }, shelf, uploads);
    case 'upload':
      return continueUpload({ ...visit, route }, shelf, uploads);
    case 'manifest':
      if (isReading) return serveManifest({ ...visit, route }, shelf);
      if (request.method !== 'PUT') break;
      return storeManifest({ ...visit, route }, shelf);
    case 'tags':
      if (!isReading) break;
      return serveTags({ ...visit, route }, shelf, pageSize);
    case 'referrers':
      if (!isReading) break;
      return serveReferrers({ ...visit, route }, shelf, pageSize);
    default:
      return route satisfies never;
  }
  throw new Refused(405, 'UNSUPPORTED', `${request.method ?? ''} is not for this address`);
}

/** What went wrong is said, unless the answer is under way: then it breaks off, so that nobody takes it for whole. */
function refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy();
  sendRefusal(request, response, refusalFor(error));
}

function refusalFor(error: unknown): Refused {
  if (error instanceof Refused) return error;
  const words = error instanceof SupplyChainError ? error.message : 'the registry failed';
  return new Refused(500, 'UNKNOWN', words, { cause: error });
}
