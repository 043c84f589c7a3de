import type { TestContext } from 'node:test';
import {
  createTrafficServer,
  type Outcome,
  type RequestHead,
  type Route,
  type TrafficServer,
  type TrafficServerOptions,
  type Upstream,
} from '../index.ts';
import { connectTo, type Peer } from './peer.ts';

/** A proxy and what it told its router. */
export interface Proxy {
  readonly port: number;
  readonly server: TrafficServer;
  readonly requests: readonly RequestHead[];
  readonly outcomes: readonly Outcome[];
  /** A new connection of a client. */
  client(): Promise<Peer>;
}

/** What a test wants otherwise than usual. */
export interface ProxySetting extends Partial<Omit<TrafficServerOptions, 'route'>> {
  /** The places for each request, the first one first. */
  readonly to: readonly Upstream[];
  readonly requestHeaders?: string | ((request: RequestHead) => string);
  readonly responseHeaders?: string;
}

/** A proxy that sends every request to the first of the places, and to the next one when that could not be used. */
export async function startProxy(test: TestContext, setting: ProxySetting): Promise<Proxy> {
  const { to, requestHeaders = '', responseHeaders = '', ...options } = setting;
  const requests: RequestHead[] = [];
  const outcomes: Outcome[] = [];
  const routeTo = (place: number, request: RequestHead): Route | null => {
    const upstream = to[place];
    if (upstream === undefined) return null;
    return {
      upstream,
      requestHeaders: typeof requestHeaders === 'string' ? requestHeaders : requestHeaders(request),
      responseHeaders,
      another: () => routeTo(place + 1, request),
      done: (outcome) => void outcomes.push(outcome),
    };
  };
  const server = createTrafficServer({
    ...options,
    route(head) {
      requests.push(head);
      return routeTo(0, head);
    },
  });
  const port = await server.listen(0);
  const clients: Peer[] = [];
  test.after(async () => {
    for (const client of clients) client.socket.destroy();
    await server.close(0);
  });
  return {
    port,
    server,
    requests,
    outcomes,
    async client() {
      const client = await connectTo(port);
      clients.push(client);
      return client;
    },
  };
}
