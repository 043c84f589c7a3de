import { SupplyChainError } from '../../error.ts';
import { destinationOf, type Reach } from './destination.ts';
import { exchange, type Connections, type Incoming, type Outgoing } from './exchange.ts';
import type { Limits } from './limits.ts';

/** What requests for one registry go out with. */
export interface Transport {
  readonly reach: Reach;
  readonly connections: Connections;
  readonly limits: Limits;
}

const MOST_REDIRECTS = 5;

/**
 * Sends a request, and where it only reads, goes where it is sent: at most five times, never from https to http, never
 * where `destinationOf` does not let us, and without what identifies us once the origin has changed. Rejects with
 * `REDIRECT_REFUSED`, `REGISTRY_UNAVAILABLE`.
 */
export async function travel(
  start: URL,
  outgoing: Outgoing,
  { reach, connections, limits }: Transport,
  signal?: AbortSignal,
): Promise<Incoming> {
  let [url, headers] = [start, outgoing.headers];
  for (let redirects = 0; ; redirects += 1) {
    const destination = await destinationOf(url, reach);
    const options = { connections, silence: limits.silence };
    const answer = await exchange(destination, { ...outgoing, headers }, options, signal);
    if (!isRedirect(answer.status)) return answer;
    answer.discard();
    const next = nextUrl(answer);
    if (outgoing.method !== 'GET' && outgoing.method !== 'HEAD') {
      throw refused(url, next, `a ${outgoing.method} is not sent twice`);
    }
    if (redirects === MOST_REDIRECTS) throw refused(url, next, `after ${MOST_REDIRECTS} redirects`);
    if (url.protocol === 'https:' && next.protocol !== 'https:') throw refused(url, next, 'it is not https');
    if (next.origin !== url.origin) headers = withoutAuthorization(headers);
    url = next;
  }
}

function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

function nextUrl({ url, headers: { location } }: Incoming): URL {
  if (location !== undefined && URL.canParse(location, url.href)) return new URL(location, url);
  throw new SupplyChainError('REDIRECT_REFUSED', `${url.origin} sends us elsewhere without saying where`);
}

function withoutAuthorization(headers: Outgoing['headers']): Outgoing['headers'] {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'),
  );
}

function refused(from: URL, to: URL, why: string): SupplyChainError {
  return new SupplyChainError(
    'REDIRECT_REFUSED',
    `${from.origin} sends us to ${to.origin}, where we do not go: ${why}`,
  );
}
