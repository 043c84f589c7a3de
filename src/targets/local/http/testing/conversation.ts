import type { TestContext } from 'node:test';
import type { PoolLimits, Upstream } from '../index.ts';
import type { Peer } from './peer.ts';
import { type Proxy, type ProxySetting, startProxy } from './proxy.ts';
import { startScripted } from './upstreams.ts';

/** A client and an upstream that talk through a proxy, both under the test's control. */
export interface Conversation {
  readonly proxy: Proxy;
  readonly upstream: Upstream;
  readonly client: Peer;
  /** The upstream's end of the connection of that number, from 0, as soon as it is there. */
  readonly server: (number?: number) => Promise<Peer>;
  /** How many connections the upstream has got. */
  readonly serverCount: number;
  readonly stopListening: () => void;
}

export interface ConversationSetting extends Partial<ProxySetting> {
  readonly pool?: Partial<PoolLimits>;
}

export async function converse(test: TestContext, setting: ConversationSetting = {}): Promise<Conversation> {
  const { pool, ...rest } = setting;
  const scripted = await startScripted(test, pool);
  const proxy = await startProxy(test, { to: [scripted.upstream], ...rest });
  return {
    proxy,
    upstream: scripted.upstream,
    client: await proxy.client(),
    server: (number = 0) => scripted.peer(number),
    get serverCount() {
      return scripted.peers.length;
    },
    stopListening: scripted.stopListening,
  };
}
