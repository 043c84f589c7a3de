import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** Printable ASCII, and not so long that it fills the log. */
const USABLE = /^[\x20-\x7e]{1,128}$/;
/** https://www.w3.org/TR/trace-context/#traceparent-header; later versions may have more fields. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/;

/**
 * The name under which a request is found in the logs of all services that it went through: as the caller calls it, or
 * its trace, or a new one. `isPublic` says whether a text may be shown as it is.
 */
export function correlationIdOf(headers: IncomingHttpHeaders, isPublic: (text: string) => boolean): string {
  const trace = TRACEPARENT.exec(String(headers['traceparent'] ?? ''))?.[1];
  const candidates = [headers['x-correlation-id'], headers['x-request-id'], trace];
  for (const candidate of candidates) {
    if (typeof candidate === 'string' && USABLE.test(candidate) && isPublic(candidate)) return candidate;
  }
  return randomUUID();
}
