import type { HeaderLines } from './headers.ts';

/**
 * The form in which a request comes and its answer goes: that of an HTTP API or function URL, that of a REST API, and
 * those of a load balancer whose target group has multi-value headers switched off or on.
 */
export type Form = 'gateway-2.0' | 'gateway-1.0' | 'balancer' | 'balancer-multi-value';

/** A request as an event of Lambda brings it. */
export interface HttpEvent {
  readonly form: Form;
  readonly method: string;
  /** Path and query, percent-encoded. */
  readonly target: string;
  readonly headers: HeaderLines;
  /** Null when there is none. */
  readonly body: Buffer | null;
}
