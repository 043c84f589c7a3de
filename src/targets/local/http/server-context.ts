import type { Patience } from './patience.ts';
import type { RequestHead } from './message/request.ts';
import type { Route } from './route.ts';

/** Bounds on what clients may make the proxy hold. */
export interface Limits {
  /** Open connections of clients; further ones are closed at once. */
  readonly connections: number;
  /** Of the head of a request or a response, and of what a client sends before it can be used. */
  readonly headBytes: number;
  /** Of a request's first line. */
  readonly requestLineBytes: number;
  /** How many routes are tried for one request. */
  readonly attempts: number;
}

/** Where a request goes, or null when there is no place for it now. Called once per request; must not throw. */
export type RouteRequest = (head: RequestHead, client: { readonly address: string }) => Route | null;

/** What all connections of a server share. */
export interface ServerContext {
  readonly route: RouteRequest;
  readonly limits: Limits;
  readonly patience: Patience;
  /** Whether the server is closing: connections then serve one request more at most. */
  readonly isDraining: boolean;
}
