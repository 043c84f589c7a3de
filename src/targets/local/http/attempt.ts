import type { Failure, Route } from './route.ts';
import type { UpstreamConnection, UpstreamUser } from './upstream-connection.ts';

/** One try to have a request served along a route: holds a connection of the route's upstream until it is over. */
export class Attempt {
  readonly route: Route;
  /** The first is 1. */
  readonly number: number;
  connection: UpstreamConnection;
  readonly #startedAt = performance.now();
  #endedAt = 0;

  constructor(route: Route, user: UpstreamUser, number: number) {
    this.route = route;
    this.number = number;
    this.connection = route.upstream.reuse(user, this.#startedAt) ?? route.upstream.connect(user);
  }

  /** Takes a new connection in place of one that turned out to be closed. */
  reconnect(user: UpstreamUser): void {
    this.discard();
    this.connection = this.route.upstream.connect(user);
  }

  /** Tells the route what came of it, and that is said once. */
  report(status: number | null, failure: Failure | null, retried: boolean): void {
    this.#endedAt = performance.now();
    this.route.done({ status, failure, milliseconds: this.#endedAt - this.#startedAt, retried });
  }

  /** Gives the connection back after the report; the upstream said to keep it for `promised` seconds. */
  release(promised: number): void {
    this.route.upstream.release(this.connection, promised, this.#endedAt);
  }

  /** Ends the connection. */
  discard(): void {
    this.route.upstream.discard(this.connection);
  }
}
