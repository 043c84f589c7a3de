import { SupplyChainError } from '../../error.ts';
import { readAll } from '../../oci/read-all.ts';
import { LARGEST_MANIFEST } from '../../oci/repository.ts';
import type { Incoming } from './exchange.ts';
import { refusalOf } from './refusal.ts';
import type { RegistryClient } from './registry-client.ts';

const MOST_PAGES = 1_000;

/**
 * The pages of a list, as parsed JSON, until there is no next one. A list that cannot be followed to its end is no list:
 * what is left out could be what matters. Empty when the first page has one of the statuses that mean there is no list.
 */
export async function* pagesOf(
  client: RegistryClient,
  path: string,
  { what, noList }: { readonly what: string; readonly noList: readonly number[] },
  signal?: AbortSignal,
): AsyncGenerator {
  const seen = new Set<string>();
  for (let url: URL | null = client.urlOf(path); url !== null;) {
    if (seen.has(url.href)) throw unreadable(client, what, 'its pages go round in circles');
    if (seen.size === MOST_PAGES) {
      throw new SupplyChainError('TOO_LARGE', `${client.name}: more than ${MOST_PAGES} pages of ${what}`);
    }
    seen.add(url.href);
    const answer = await client.ask({ method: 'GET', to: url, what: `list ${what}`, access: 'pull' }, signal);
    if (seen.size === 1 && noList.includes(answer.status)) {
      answer.discard();
      return;
    }
    if (answer.status !== 200) throw await refusalOf(answer, `list ${what}`);
    const page = await parsed(client, answer, what);
    url = nextPage(client, url, answer, what);
    yield page;
  }
}

/** The error for a list that is none. */
export function unreadable(
  { name }: RegistryClient,
  what: string,
  why: string,
  cause?: unknown,
): SupplyChainError {
  return new SupplyChainError('REGISTRY_UNAVAILABLE', `${name}: the list of ${what} cannot be read: ${why}`, {
    cause,
  });
}

async function parsed(client: RegistryClient, { body }: Incoming, what: string): Promise<unknown> {
  const bytes = await readAll(body, LARGEST_MANIFEST, `a page of ${what}`);
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw unreadable(client, what, 'it is no JSON', cause);
  }
}

const LINK = /<([^<>]*)>((?:\s*;\s*[a-z*]+\s*=\s*(?:"[^"]*"|[^\s",;]*))*)/gi;

/** From `Link: <…>; rel="next"` (RFC 8288). */
function nextPage(client: RegistryClient, url: URL, { headers }: Incoming, what: string): URL | null {
  const header = [headers['link'] ?? []].flat().join(', ');
  const links = [...header.matchAll(LINK)];
  if (header !== '' && links.length === 0) throw unreadable(client, what, 'its Link header is malformed');
  const next = links.find(([, , parameters]) =>
    /;\s*rel\s*=\s*"?(?:[^";]*\s)?next(?:\s[^";]*)?"?/i.test(`${parameters}`),
  );
  if (next === undefined) return null;
  const [, target = ''] = next;
  if (target === '' || !URL.canParse(target, url.href))
    throw unreadable(client, what, 'its next page has no address');
  const found = new URL(target, url);
  if (found.origin === url.origin) return found;
  throw new SupplyChainError(
    'REDIRECT_REFUSED',
    `${client.name} says that its list of ${what} goes on at ${found.origin}, where we do not go`,
  );
}
