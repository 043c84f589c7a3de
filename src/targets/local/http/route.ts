import type { Upstream } from './upstream.ts';

/** Where a router sends a request. */
export interface Route {
  readonly upstream: Upstream;
  /** Whole field lines, each with its CRLF, that the upstream gets to see besides the client's. */
  readonly requestHeaders?: string;
  /** Whole field lines, each with its CRLF, that the client gets to see besides the upstream's. */
  readonly responseHeaders?: string;
  /** Another place, asked for when this one could not be used and nothing can have happened there. Null: there is none. */
  another(): Route | null;
  /** Told exactly once what came of it. */
  done(outcome: Outcome): void;
}

/** What came of sending a request along a route. */
export interface Outcome {
  /** The status that the upstream answered with; 101 when a tunnel was opened. Null when no response began. */
  readonly status: number | null;
  readonly failure: Failure | null;
  /** From the beginning of the attempt, which for the first is the end of the request's head, to the response's last byte. */
  readonly milliseconds: number;
  /** Whether the request went on along another route, so that the client did not see this outcome. */
  readonly retried: boolean;
}

/**
 * Why there is no whole response. Two are not the upstream's fault: `client-gone`, when the client left, stopped sending
 * or reading, or sent a body that is not one; and `silence`, when a response of no given length, as a stream of events
 * is, had nothing to say for so long that it was ended.
 */
export type Failure = 'connect' | 'reset' | 'timeout' | 'bad-response' | 'client-gone' | 'silence';

/** Whether that is the fault of the upstream. */
export function isToBlame(failure: Failure | null): boolean {
  return failure !== null && failure !== 'client-gone' && failure !== 'silence';
}
