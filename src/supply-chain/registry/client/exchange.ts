import http, { type IncomingHttpHeaders, type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Milliseconds } from '../../../core/time.ts';
import { SupplyChainError } from '../../error.ts';
import type { Content } from '../../oci/repository.ts';
import type { Destination } from './destination.ts';

/** A request, without where it goes. */
export interface Outgoing {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH';
  readonly headers: Readonly<Record<string, string>>;
  /** Opened once for each attempt. */
  readonly body?: Pick<Content, 'size' | 'open'> | undefined;
  /** By when it must have ended, with the last byte of the answer. */
  readonly within: Milliseconds;
}

/** An answer. Its body must be read to its end, or discarded. */
export interface Incoming {
  readonly url: URL;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Fails with `REGISTRY_UNAVAILABLE` when it breaks off. */
  readonly body: AsyncIterable<Uint8Array>;
  discard(): void;
}

/** Connections that are kept for the next request to the same host. */
export interface Connections {
  readonly http: http.Agent;
  readonly https: https.Agent;
}

export function keptConnections(certificateAuthorities: string | undefined): Connections {
  const options = { keepAlive: true, maxSockets: 8 };
  const trusted = certificateAuthorities === undefined ? {} : { ca: certificateAuthorities };
  return { http: new http.Agent(options), https: new https.Agent({ ...options, ...trusted }) };
}

const LARGEST_HEAD = 32 * 1024;

/** Bodies up to this are rather read and thrown away than the connection closed. */
const CHEAP_TO_READ = 16 * 1024;

/**
 * Sends one request to an address that was checked, and takes the head of the answer. Follows no redirect. Rejects with
 * `REGISTRY_UNAVAILABLE`, with what reading the body to be sent failed with, or with the reason of the signal.
 */
export async function exchange(
  { url, addresses }: Destination,
  { method, headers, body, within }: Outgoing,
  { connections, silence }: { readonly connections: Connections; readonly silence: Milliseconds },
  signal?: AbortSignal,
): Promise<Incoming> {
  signal?.throwIfAborted();
  const length = body === undefined ? {} : { 'content-length': String(body.size) };
  const options: RequestOptions = {
    method,
    headers: { 'user-agent': 'canary-rollout', 'accept-encoding': 'identity', ...headers, ...length },
    lookup: lookupOf(addresses),
    maxHeaderSize: LARGEST_HEAD,
  };
  const request =
    url.protocol === 'https:'
      ? https.request(url, { ...options, agent: connections.https })
      : http.request(url, { ...options, agent: connections.http });

  let reason: unknown = null;
  const end = (why: unknown) => {
    reason ??= why;
    request.destroy();
  };
  const aborted = () => end(signal?.reason);
  const tooSlow = setTimeout(() => end(unavailable(url, `took longer than ${within} ms`)), within);
  signal?.addEventListener('abort', aborted);
  request.setTimeout(silence, () => end(unavailable(url, `was silent for ${silence} ms`)));
  request.once('close', () => {
    clearTimeout(tooSlow);
    signal?.removeEventListener('abort', aborted);
  });

  const failure = (cause: unknown) => reason ?? failureOf(url, cause);
  return new Promise((resolve, reject) => {
    request.on('error', (error) => reject(failure(error)));
    request.once('close', () => reject(failure(null)));
    request.once('response', (response) => resolve(incoming({ url, method, response, failure, end })));
    if (body === undefined) request.end();
    else pipeline(Readable.from(noting(body.open(), end)), request).catch(end);
  });
}

/** Passes the bytes on; when their source fails, that is why the exchange ended. */
async function* noting(
  source: AsyncIterable<Uint8Array>,
  end: (why: unknown) => void,
): AsyncGenerator<Uint8Array> {
  try {
    yield* source;
  } catch (error) {
    end(error);
    throw error;
  }
}

/** Connects to what was checked, whatever the name may stand for by now. */
function lookupOf(addresses: Destination['addresses']): LookupFunction {
  return (_hostname, options, callback) => {
    const [first] = addresses;
    if (options.all === true) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family);
  };
}

interface Answered {
  readonly url: URL;
  readonly method: Outgoing['method'];
  readonly response: IncomingMessage;
  readonly failure: (cause: unknown) => unknown;
  readonly end: (why: unknown) => void;
}

function incoming({ url, method, response, failure, end }: Answered): Incoming {
  // What breaks off after it was discarded is nobody's trouble.
  response.on('error', () => undefined);
  return {
    url,
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: bodyOf(response, failure),
    discard() {
      const isShort = Number(response.headers['content-length'] ?? Infinity) <= CHEAP_TO_READ;
      if (isShort || method === 'HEAD') response.resume();
      else end(unavailable(url, 'was left'));
    },
  };
}

async function* bodyOf(
  response: IncomingMessage,
  failure: (cause: unknown) => unknown,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of response) yield chunk;
  } catch (cause) {
    throw failure(cause);
  }
}

function failureOf(url: URL, cause: unknown): SupplyChainError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'the connection broke off';
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new SupplyChainError('TOO_LARGE', `the headers of ${url.origin} are too large`, { cause });
  }
  return unavailable(url, `cannot be reached (${code}): check the registry and the network`, cause);
}

function unavailable(url: URL, what: string, cause?: unknown): SupplyChainError {
  return new SupplyChainError('REGISTRY_UNAVAILABLE', `${url.origin} ${what}`, { cause });
}
