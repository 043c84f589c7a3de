import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { systemClock } from '../../../../clock/system-clock.ts';
import { registryHandler } from '../registry-handler.ts';
import { shelfIn } from '../shelf.ts';
import { uploadsIn } from '../uploads.ts';

/** Answers a request itself and returns true, or leaves it to the registry. */
export type Fault = (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;

export interface FaultyRegistry {
  /** `127.0.0.1:port` */
  readonly address: string;
  readonly directory: string;
  /** What was asked: `GET /v2/…`, with headers. */
  readonly asked: readonly {
    readonly line: string;
    readonly headers: http.IncomingHttpHeaders;
  }[];
  /** From now on these come first. */
  fail(...faults: readonly Fault[]): void;
}

interface Options {
  readonly pageSize?: number;
  readonly largestBlob?: number;
}

/** The registry behind faults that can be switched on. Ends with the test. */
export async function faultyRegistry(t: TestContext, options: Options = {}): Promise<FaultyRegistry> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-registry-'));
  const uploads = uploadsIn(
    path.join(directory, '.server', 'uploads'),
    { largestBlob: options.largestBlob ?? 2 ** 30, mostUploads: 64 },
    systemClock(),
  );
  const handler = registryHandler({ shelf: shelfIn(directory), uploads, pageSize: options.pageSize ?? 100 });
  let faults: readonly Fault[] = [];
  const asked: FaultyRegistry['asked'][number][] = [];
  const address = await serve(t, async (request, response) => {
    asked.push({ line: `${request.method ?? ''} ${request.url ?? ''}`, headers: request.headers });
    for (const fault of faults) if (await fault(request, response)) return;
    await handler(request, response);
  });
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return {
    address,
    directory,
    asked,
    fail(...given) {
      faults = given;
    },
  };
}

/** Serves on a free port of 127.0.0.1 until the test ends; returns `127.0.0.1:port`. */
export async function serve(
  t: TestContext,
  listener: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<string> {
  const server = http.createServer((request, response) => void listener(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port');
  return `127.0.0.1:${address.port}`;
}

/** As registries before OCI distribution 1.1: no list of referrers, and no word of the subject. */
export const withoutReferrers: Fault = (request, response) => {
  if (request.url?.includes('/referrers/') === true) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found');
    return true;
  }
  hideSubject(response);
  return false;
};

/** Says that it knows the subject, and has no list all the same. */
export const withSubjectOnly: Fault = (request, response) => {
  if (request.url?.includes('/referrers/') !== true) return false;
  response.writeHead(404).end();
  return true;
};

/** Answers this status, this many times, to requests that fit. */
export function answering(
  status: number,
  { times, headers = {}, to = /./ }: { times: number; headers?: http.OutgoingHttpHeaders; to?: RegExp },
): Fault {
  let left = times;
  return (request, response) => {
    if (left === 0 || !to.test(`${request.method ?? ''} ${request.url ?? ''}`)) return false;
    left -= 1;
    response.writeHead(status, headers).end();
    return true;
  };
}

/** Does something else at requests that fit: `GET /v2/…`. */
export function at(to: RegExp, answer: (request: IncomingMessage, response: ServerResponse) => void): Fault {
  return (request, response) => {
    if (!to.test(`${request.method ?? ''} ${request.url ?? ''}`)) return false;
    answer(request, response);
    return true;
  };
}

/** Wants a name and a password. */
export function wantingPassword(username: string, password: string): Fault {
  const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  return (request, response) => {
    if (request.headers.authorization === expected) return false;
    response.writeHead(401, { 'www-authenticate': 'Basic realm="registry"' }).end();
    return true;
  };
}

/** Wants a token that the token server at `realm` gave for what is done. */
export function wantingToken(realm: string, isGood: (token: string, scope: string) => boolean): Fault {
  return (request, response) => {
    const [, repository = ''] =
      /^\/v2\/(.+?)\/(?:blobs|manifests|tags|referrers)/.exec(request.url ?? '') ?? [];
    const isReading = request.method === 'GET' || request.method === 'HEAD';
    const scope = `repository:${repository}:${isReading ? 'pull' : 'pull,push'}`;
    const token = request.headers.authorization?.replace(/^Bearer /, '');
    if (token !== undefined && isGood(token, scope)) return false;
    response
      .writeHead(401, {
        'www-authenticate': `Bearer realm="${realm}",service="test",scope="${scope}"`,
      })
      .end();
    return true;
  };
}

function hideSubject(response: ServerResponse): void {
  const writeHead = response.writeHead.bind(response);
  response.writeHead = (status: number, ...rest: unknown[]) => {
    const [headers] = rest;
    if (typeof headers === 'object' && headers !== null && !Array.isArray(headers)) {
      const kept = Object.entries(headers).filter(([name]) => name !== 'oci-subject');
      return writeHead(status, Object.fromEntries(kept));
    }
    return writeHead(status);
  };
}
