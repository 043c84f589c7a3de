import { request, type IncomingMessage } from 'node:http';
import { readBody } from '../http/body.ts';
import type { LocalServer } from '../lifecycle/listen.ts';
import type { HttpEvent } from './http-event.ts';
import { byName, endToEnd, valuesOf, type HeaderLines } from './headers.ts';
import { responseTo } from './response-to.ts';

/** What the server of this process answered. */
export interface LocalAnswer {
  readonly status: number;
  readonly headers: HeaderLines;
  /** Null when it is longer than what was to be read. */
  readonly body: Buffer | null;
}

/** How to ask: reading no more than `limit` bytes, and as a client that leaves when the signal says so. */
export interface Asking {
  readonly server: LocalServer;
  readonly limit: number;
  readonly signal: AbortSignal;
}

/**
 * Asks the server of this process. Rejects when it cannot be asked, breaks off, or the signal aborts. Each time it is a
 * connection of its own: while Lambda has the process frozen, time passes and idle connections end unseen.
 */
export async function forward(event: HttpEvent, { server, limit, signal }: Asking): Promise<LocalAnswer> {
  const { method, target, body } = event;
  const asked = request({
    ...server,
    method,
    path: target,
    headers: headersOf(event),
    agent: false,
    signal,
  });
  asked.end(body ?? undefined);
  const response = await responseTo(asked);
  const answer = await readBody(response, limit);
  if (answer === null) response.destroy();
  return { status: response.statusCode ?? 0, headers: endToEnd(linesOf(response)), body: answer };
}

/** Header values are bytes; what is not ASCII goes as UTF-8, which is how it came. */
function headersOf({ headers, body }: HttpEvent): Readonly<Record<string, string | string[]>> {
  const bytes = endToEnd(headers).map(
    ([name, value]) => [name, Buffer.from(value, 'utf8').toString('latin1')] as const,
  );
  // There is but one host, which Node.js does not take as a list.
  const host = valuesOf(bytes, 'host').slice(0, 1).join('');
  return {
    ...byName(bytes),
    ...(host === '' ? {} : { host }),
    ...(body === null ? {} : { 'content-length': String(body.length) }),
  };
}

function linesOf({ headersDistinct }: IncomingMessage): HeaderLines {
  return Object.entries(headersDistinct).flatMap(([name, values = []]) =>
    values.map((value) => [name, Buffer.from(value, 'latin1').toString('utf8')] as const),
  );
}
