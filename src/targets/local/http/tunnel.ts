import type { ClientConnection } from './client-connection.ts';
import type { ClientUser } from './client-user.ts';
import { send } from './send.ts';
import type { Upstream } from './upstream.ts';
import type { UpstreamConnection, UpstreamUser } from './upstream-connection.ts';

/** Both connections after a change of protocol: what comes from one side goes to the other, until both have ended. */
export class Tunnel implements ClientUser, UpstreamUser {
  readonly #client: ClientConnection;
  readonly #upstream: Upstream;
  readonly #connection: UpstreamConnection;
  #isHalfClosed = false;

  constructor(client: ClientConnection, upstream: Upstream, connection: UpstreamConnection) {
    this.#client = client;
    this.#upstream = upstream;
    this.#connection = connection;
  }

  /** Takes over from the exchange that asked for the change. `first` is what the upstream already said behind its head. */
  begin(first: Buffer): void {
    this.#connection.user = this;
    this.#client.handTo(this);
    this.#await();
    if (first.length > 0) this.upstreamSent(first);
    if (this.#client.unread.length > 0) this.clientSent();
    if (this.#client.hasEnded) this.clientEnded();
    this.#client.regulate();
  }

  get isBlocked(): boolean {
    return this.#connection.socket.writableNeedDrain;
  }

  clientSent(): void {
    const { unread } = this.#client;
    this.#await();
    send(this.#connection.socket, '', unread, [0, unread.length]);
    this.#client.take(unread.length);
  }

  upstreamSent(bytes: Buffer): void {
    this.#await();
    if (!send(this.#client.socket, '', bytes, [0, bytes.length])) this.#connection.socket.pause();
  }

  clientDrained(): void {
    this.#connection.socket.resume();
  }

  upstreamDrained(): void {
    this.#client.regulate();
  }

  clientEnded(): void {
    this.#connection.socket.end();
    this.#isHalfClosed = true;
    this.#await();
  }

  upstreamEnded(): void {
    this.#client.socket.end();
    this.#isHalfClosed = true;
    this.#await();
  }

  clientClosed(): void {
    this.#upstream.discard(this.#connection);
  }

  /** Of two closed sides the client's is the one that counts: it ends the tunnel. */
  upstreamClosed(): void {
    this.#client.socket.destroySoon();
  }

  expired(): void {
    this.#client.socket.destroy();
  }

  upstreamConnected(): void {}

  /** Waits for the next bytes. Of two sides one of which has ended, the other one most likely does so soon. */
  #await(): void {
    const { tunnel, halfClosed } = this.#client.context.patience.turns;
    this.#client.await(this.#isHalfClosed ? halfClosed : tunnel);
  }
}
