import type { TrafficServer } from '../http/index.ts';
import type { ProxySettings } from '../settings.ts';

type Address = ProxySettings['listen'];

/** A change of address that waits for a release to become stable. */
export interface Move {
  /** Where users reach the service until then. */
  readonly from: Address;
  /** The release that the new address comes with. */
  readonly digest: string;
}

/**
 * Where users reach the service. A new address comes with a release: until that is stable, the service is reached at both
 * addresses, and if it never is, at the old one.
 */
export interface Entrances {
  address(): Address;
  /** Listens at the release's address too. Rejects when it is taken. */
  prepare(digest: string, address: Address): Promise<void>;
  /** All traffic is sent to that release, and no other one waits. */
  settle(digest: string): void;
  move(): Move | null;
  /** Takes no more requests, and ends when those under way have. */
  close(): Promise<void>;
}

export interface EntrancesOptions {
  /** Begins to take traffic at an address. */
  readonly open: (address: Address) => Promise<TrafficServer>;
  /** How long requests may go on after an address is given up, in milliseconds. */
  readonly drain: number;
  /** The address that the proxy is started with. */
  readonly address: Address;
  /** What an earlier proxy has not come to an end with. */
  readonly move: Move | null;
  /** Called when there is something new to write down. */
  readonly onChange: () => void;
}

interface Entrance {
  readonly address: Address;
  readonly server: TrafficServer;
}

/** Opens the entrance, or both of them in the middle of a move. */
export async function openEntrances(options: EntrancesOptions): Promise<Entrances> {
  const { drain, onChange } = options;
  const open = async (address: Address): Promise<Entrance> => ({
    address,
    server: await options.open(address),
  });
  let settled = await open(options.move?.from ?? options.address);
  let coming: (Entrance & { readonly digest: string }) | null = null;

  function leave(entrance: Entrance | null): void {
    void entrance?.server.close(drain);
  }

  async function prepare(digest: string, address: Address): Promise<void> {
    if (coming !== null && isSame(coming.address, address)) {
      coming = { ...coming, digest };
    } else {
      const next = isSame(settled.address, address) ? null : await open(address);
      leave(coming);
      coming = next === null ? null : { ...next, digest };
    }
  }

  if (options.move !== null) await prepare(options.move.digest, options.address);
  return {
    address: () => settled.address,
    async prepare(digest, address) {
      await prepare(digest, address);
      onChange();
    },
    settle(digest) {
      if (coming === null) return;
      const arrives = coming.digest === digest;
      leave(arrives ? settled : coming);
      if (arrives) settled = coming;
      coming = null;
      onChange();
    },
    move: () => (coming === null ? null : { from: settled.address, digest: coming.digest }),
    async close() {
      await Promise.all([settled.server.close(drain), coming?.server.close(drain)]);
    },
  };
}

function isSame(a: Address, b: Address): boolean {
  return a.host === b.host && a.port === b.port;
}
