import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener, type Server as HttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import type { TestContext } from 'node:test';
import { createUpstream, type PoolLimits, type Upstream } from '../index.ts';
import { Peer } from './peer.ts';
import { untilTrue } from './until.ts';

/** An upstream that says nothing but what the test has it say. */
export interface ScriptedUpstream {
  readonly upstream: Upstream;
  /** All connections so far, in order. */
  readonly peers: readonly Peer[];
  /** The connection of that number, from 0, as soon as it is there. */
  peer(number: number): Promise<Peer>;
  /** Accepts no more connections. */
  readonly stopListening: () => void;
}

export async function startScripted(
  test: TestContext,
  limits: Partial<PoolLimits> = {},
): Promise<ScriptedUpstream> {
  const peers: Peer[] = [];
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    peers.push(new Peer(socket));
  });
  const upstream = createUpstream(await listen(server), '127.0.0.1', limits);
  test.after(() => {
    upstream.close();
    server.close();
    for (const peer of peers) peer.socket.destroy();
  });
  return {
    upstream,
    peers,
    async peer(number) {
      await untilTrue(`upstream connection ${number}`, () => peers.length > number);
      const peer = peers[number];
      assert(peer !== undefined);
      return peer;
    },
    stopListening: () => void server.close(),
  };
}

/** An upstream that is a real server of Node's. */
export async function startHttp(
  test: TestContext,
  listener: RequestListener,
): Promise<{ upstream: Upstream; server: HttpServer }> {
  const server = createHttpServer(listener);
  const upstream = createUpstream(await listen(server));
  test.after(() => {
    upstream.close();
    server.close();
    server.closeAllConnections();
  });
  return { upstream, server };
}

/** A port at which nobody listens. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  server.close();
  await once(server, 'close');
  return port;
}

/** Listens on a free port. */
export async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert(address !== null && typeof address === 'object');
  return address.port;
}
