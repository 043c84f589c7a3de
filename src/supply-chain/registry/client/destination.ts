import type { LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import { SupplyChainError } from '../../error.ts';
import { addressKind, type AddressKind } from './address-kind.ts';

/** Finds the addresses of a host name. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

/** How far requests for one registry may go. */
export interface Reach {
  /** Where the registry is: `https://registry.example.com`, `http://127.0.0.1:5000`. */
  readonly origin: string;
  /** Hosts, besides the registry, that may be in a private network; exact names. */
  readonly privateHosts: readonly string[];
  readonly resolve: Resolve;
}

/** A place that we may go to, with the addresses that were checked: only these are connected to. */
export interface Destination {
  readonly url: URL;
  readonly addresses: readonly LookupAddress[];
}

/**
 * Where a registry of this name is. Plain HTTP is for this machine only (`127.0.0.0/8`, `[::1]`, `localhost`). Throws
 * `BAD_REFERENCE`.
 */
export function registryOrigin(registry: string): string {
  const isLoopback = URL.canParse(`http://${registry}`) && isLoopbackHost(new URL(`http://${registry}`));
  const text = `${isLoopback ? 'http' : 'https'}://${registry}`;
  const url = URL.canParse(text) ? new URL(text) : null;
  const isBare = url?.pathname === '/' && url.search === '' && url.hash === '' && !hasCredentials(url);
  if (url === null || !isBare || url.href !== `${url.origin}/`) {
    throw new SupplyChainError(
      'BAD_REFERENCE',
      `"${registry.slice(0, 300)}" does not name a registry: give host or host:port`,
    );
  }
  return url.origin;
}

/**
 * Checks that we may go there, and finds the addresses. The registry itself may be anywhere, as a person named it. Where
 * it sends us must be public, so that it cannot have us ask what only we can reach; a registry on this machine may also
 * send us elsewhere on this machine. Throws `REDIRECT_REFUSED`, `REGISTRY_UNAVAILABLE`.
 */
export async function destinationOf(url: URL, reach: Reach): Promise<Destination> {
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopbackHost(url))) {
    throw refused(url, reach, 'it is not https');
  }
  if (hasCredentials(url)) throw refused(url, reach, 'it carries a user name');
  const addresses = await addressesOf(url, reach);
  for (const { address } of addresses) {
    const kind = addressKind(address);
    if (!mayReach(kind, url, reach)) throw refused(url, reach, whyNot(kind, address, url, reach));
  }
  return { url, addresses };
}

/** Whether the host is this machine by its name, without asking anyone. */
function isLoopbackHost({ hostname }: URL): boolean {
  return hostname === 'localhost' || addressKind(bare(hostname)) === 'loopback';
}

function mayReach(kind: AddressKind, url: URL, reach: Reach): boolean {
  if (url.protocol === 'http:' && kind !== 'loopback') return false;
  if (url.origin === reach.origin || kind === 'public') return true;
  if (kind === 'loopback') return isLoopbackHost(new URL(reach.origin));
  return kind === 'private' && reach.privateHosts.includes(url.hostname);
}

/** What can be allowed is told how: where a registry keeps what it has in the network around us, it is of no use else. */
function whyNot(kind: AddressKind, address: string, { protocol, hostname }: URL, { origin }: Reach): string {
  if (protocol === 'http:') return `${address} is not this machine, and it is not https`;
  if (kind === 'loopback') return `${address} is not a public address, but this machine`;
  if (kind !== 'private') return `${address} is not a public address, and never allowed`;
  const registry = JSON.stringify(new URL(origin).host);
  return `${address} is not a public address. If the host belongs to the registry, as its storage or its token server may, allow it in the configuration: registries: { ${registry}: { privateHosts: [${JSON.stringify(hostname)}] } }`;
}

async function addressesOf({ hostname }: URL, { resolve }: Reach): Promise<readonly LookupAddress[]> {
  const host = bare(hostname);
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family }];
  try {
    const found = await resolve(host);
    if (found.length > 0) return found;
  } catch (cause) {
    throw new SupplyChainError(
      'REGISTRY_UNAVAILABLE',
      `the host ${host} cannot be found: check its name and the network`,
      { cause },
    );
  }
  throw new SupplyChainError('REGISTRY_UNAVAILABLE', `the host ${host} has no address`);
}

function bare(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

function hasCredentials({ username, password }: URL): boolean {
  return username !== '' || password !== '';
}

function refused(url: URL, { origin }: Reach, why: string): SupplyChainError {
  return new SupplyChainError(
    'REDIRECT_REFUSED',
    `${origin} sends us to ${url.origin}, where we do not go: ${why}`,
  );
}
