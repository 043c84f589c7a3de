import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { ClientConnection } from './client-connection.ts';
import { Patience, type Timeouts } from './patience.ts';
import type { Limits, RouteRequest, ServerContext } from './server-context.ts';

/** What a server is made with. Timeouts and limits that are not given have their default. */
export interface TrafficServerOptions {
  readonly route: RouteRequest;
  readonly timeouts?: Partial<Timeouts>;
  readonly limits?: Partial<Limits>;
}

/** A reverse proxy for HTTP/1.1. It knows nothing of weights and releases: its router decides on each request. */
export interface TrafficServer {
  /** Open connections of clients. */
  readonly connections: number;
  /** Begins to accept connections; port 0 takes a free one. Resolves to the port. */
  listen(port: number, host?: string): Promise<number>;
  /**
   * Accepts no more connections, answers what is under way, and ends what is idle. Resolves when all connections are
   * gone; those that are left after `drainTime` milliseconds are cut.
   */
  close(drainTime: number): Promise<void>;
}

const LIMITS: Limits = {
  connections: 20_000,
  headBytes: 32 * 1024,
  requestLineBytes: 8 * 1024,
  attempts: 3,
};

/** A server that sends each request where `options.route` says. */
export function createTrafficServer(options: TrafficServerOptions): TrafficServer {
  const patience = new Patience(options.timeouts ?? {});
  const context = {
    route: options.route,
    limits: { ...LIMITS, ...options.limits },
    patience,
    isDraining: false,
  };
  const clients = new Set<ClientConnection>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
    accept(socket, context, clients),
  );
  server.maxConnections = context.limits.connections;
  // A connection that cannot be accepted, for want of descriptors perhaps, must not end all others.
  server.on('error', () => {});
  let clock: NodeJS.Timeout | undefined;
  const turn = (): void => {
    patience.now += 1;
    for (const client of clients) client.checkDeadline();
  };
  return {
    get connections() {
      return clients.size;
    },
    async listen(port, host = '127.0.0.1') {
      const taken = await listen(server, port, host);
      clock = setInterval(turn, patience.turn).unref();
      return taken;
    },
    async close(drainTime) {
      context.isDraining = true;
      const closed = new Promise((resolve) => server.close(resolve));
      for (const client of clients) client.drain();
      const end = setTimeout(() => {
        for (const client of clients) client.socket.destroy();
      }, drainTime);
      await closed;
      clearTimeout(end);
      clearInterval(clock);
    },
  };
}

function accept(socket: Socket, context: ServerContext, clients: Set<ClientConnection>): void {
  const address = socket.remoteAddress;
  // Without an address it has already gone.
  if (address === undefined) return void socket.destroy();
  const client = new ClientConnection(socket, address.replace(/^::ffff:/, ''), context);
  clients.add(client);
  socket.on('close', () => clients.delete(client));
}

async function listen(server: Server, port: number, host: string): Promise<number> {
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  assert(address !== null && typeof address === 'object');
  return address.port;
}
