import { connect, type Socket } from 'node:net';
import { SMALL } from './send.ts';

/** Whoever talks over an upstream connection: an exchange or a tunnel. */
export interface UpstreamUser {
  upstreamConnected(): void;
  /** `bytes` may be kept when they are more than SMALL; fewer must be copied or used up before the return. */
  upstreamSent(bytes: Buffer, connection: UpstreamConnection): void;
  upstreamEnded(connection: UpstreamConnection): void;
  /** The connection is gone, or never came to be. */
  upstreamClosed(connection: UpstreamConnection): void;
  upstreamDrained(): void;
}

const READ_BYTES = 64 * 1024;

/** A connection to an upstream. A user talks over it; while it is idle in a pool, its pool watches it. */
export class UpstreamConnection {
  readonly socket: Socket;
  user: UpstreamUser;
  isConnected = false;
  /** Whether it has served a request before. The upstream may be closing it at this very moment. */
  isReused = false;
  /** Until when it may lie idle, in milliseconds of the pool's clock. */
  idleUntil = 0;
  #buffer = Buffer.allocUnsafeSlow(READ_BYTES);

  constructor(address: { host: string; port: number }, user: UpstreamUser) {
    this.user = user;
    const onread = {
      buffer: () => this.#buffer,
      callback: (length: number) => this.#read(length),
    };
    this.socket = connect({ ...address, noDelay: true, allowHalfOpen: true, onread })
      .on('connect', () => this.#connected())
      .on('end', () => this.user.upstreamEnded(this))
      .on('drain', () => this.user.upstreamDrained())
      // What went wrong does not matter to anybody; that it is over is told by `close`.
      .on('error', () => {})
      .on('close', () => this.user.upstreamClosed(this));
  }

  #connected(): void {
    this.isConnected = true;
    this.user.upstreamConnected();
  }

  #read(length: number): boolean {
    const bytes = this.#buffer.subarray(0, length);
    if (length > SMALL) this.#buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    this.user.upstreamSent(bytes, this);
    return true;
  }
}
