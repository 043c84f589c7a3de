import { UpstreamConnection, type UpstreamUser } from './upstream-connection.ts';

/** How an upstream's idle connections are kept. */
export interface PoolLimits {
  /** At most this many. */
  readonly idleConnections: number;
  /**
   * For at most this long, in milliseconds. Short, because a request that meets a connection which the upstream is just
   * closing may be lost, and a new connection costs next to nothing on one machine.
   */
  readonly idleTime: number;
}

const DEFAULTS: PoolLimits = { idleConnections: 256, idleTime: 1_000 };
/** How much earlier than an upstream announces, in milliseconds, its connection is given up. */
const SAFETY = 500;

/** A server process that requests are sent to. Its identity matters: it owns its idle connections. */
export class Upstream {
  readonly host: string;
  readonly port: number;
  /** What it is called in a request that names no host. */
  readonly authority: string;
  /** Requests that are under way, and open tunnels. */
  inFlight = 0;
  readonly #limits: PoolLimits;
  /** The last one used is the last in the list, and the first to be used again. */
  readonly #idle: UpstreamConnection[] = [];
  readonly #watch: UpstreamUser = {
    upstreamConnected: () => {},
    upstreamDrained: () => {},
    // Nobody asked for anything: bytes now could only be taken for the answer to the next request.
    upstreamSent: (_, connection) => this.#drop(connection),
    upstreamEnded: (connection) => this.#drop(connection),
    upstreamClosed: (connection) => this.#drop(connection),
  };
  #isClosed = false;
  #isWatching = false;

  constructor(host: string, port: number, limits: Partial<PoolLimits>) {
    this.host = host;
    this.port = port;
    this.authority = `${host}:${port}`;
    this.#limits = { ...DEFAULTS, ...limits };
  }

  /** Closes the idle connections and keeps none from now on. Requests under way are finished. */
  close(): void {
    this.#isClosed = true;
    for (const connection of this.#idle.slice()) this.#drop(connection);
  }

  /** A connection for `user`: the one last used, or null when none is idle. `now` is in milliseconds of `performance`. */
  reuse(user: UpstreamUser, now: number): UpstreamConnection | null {
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined) return null;
      if (connection.socket.destroyed || connection.idleUntil <= now) {
        this.#drop(connection);
        continue;
      }
      this.inFlight += 1;
      connection.isReused = true;
      connection.user = user;
      return connection;
    }
  }

  /** A new connection for `user`, who is told when it stands. */
  connect(user: UpstreamUser): UpstreamConnection {
    this.inFlight += 1;
    return new UpstreamConnection(this, user);
  }

  /**
   * Takes back a connection whose user could ask another thing on it. `promised` is for how many seconds the upstream
   * said to keep it from `now` on.
   */
  release(connection: UpstreamConnection, promised: number, now: number): void {
    this.inFlight -= 1;
    connection.user = this.#watch;
    const idleTime = Math.min(this.#limits.idleTime, promised * 1000 - SAFETY);
    const isWanted = !this.#isClosed && idleTime > 0 && this.#idle.length < this.#limits.idleConnections;
    if (!isWanted || connection.socket.destroyed) return this.#drop(connection);
    if (connection.socket.isPaused()) connection.socket.resume();
    connection.idleUntil = now + idleTime;
    this.#idle.push(connection);
    if (!this.#isWatching) this.#watchIdle();
  }

  /** Ends a connection that cannot be used again. */
  discard(connection: UpstreamConnection): void {
    this.inFlight -= 1;
    this.#drop(connection);
  }

  #drop(connection: UpstreamConnection): void {
    const place = this.#idle.indexOf(connection);
    if (place !== -1) this.#idle.splice(place, 1);
    connection.user = this.#watch;
    connection.socket.destroy();
  }

  #expire(): void {
    const now = performance.now();
    for (const connection of this.#idle.filter(({ idleUntil }) => idleUntil <= now)) this.#drop(connection);
    this.#isWatching = this.#idle.length > 0;
    if (this.#isWatching) this.#watchIdle();
  }

  #watchIdle(): void {
    this.#isWatching = true;
    setTimeout(() => this.#expire(), this.#limits.idleTime / 2).unref();
  }
}
