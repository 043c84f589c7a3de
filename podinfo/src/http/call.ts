import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** A request as routes see it. */
export interface Call {
  readonly method: string;
  /** Without the query, and still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The segments that the route's path names. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly correlationId: string;
  readonly request: IncomingMessage;
  /** Aborts when the client leaves before it has its answer. */
  readonly signal: AbortSignal;
}

/** Takes the request's target apart, which is `/path?query`, or a whole URL when the client thinks we are a proxy. */
export function parseTarget(target: string): { readonly path: string; readonly query: URLSearchParams } {
  const local = target.replace(/^https?:\/\/[^/?]*/i, '');
  const [path = '', ...query] = local.split('?');
  return { path: path === '' ? '/' : path, query: new URLSearchParams(query.join('?')) };
}
