import { type PoolLimits, Upstream } from './upstream.ts';

export type { RequestHead } from './message/request.ts';
export { isToBlame, type Outcome, type Route } from './route.ts';
export type { PoolLimits, Upstream };
export { createTrafficServer, type TrafficServer, type TrafficServerOptions } from './traffic-server.ts';

/** An upstream on that port of this machine. */
export function createUpstream(port: number, host = '127.0.0.1', limits: Partial<PoolLimits> = {}): Upstream {
  return new Upstream(host, port, limits);
}
