import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { untilTrue } from './until.ts';

/** One end of a connection under a test's control: what it received is text, one character per octet. */
export class Peer {
  readonly socket: Socket;
  received = '';
  /** Whether the other end has ended its side. */
  isEnded = false;
  isClosed = false;
  /** Whether the connection was reset. */
  isReset = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket
      .on('data', (bytes) => {
        this.received += bytes.toString('latin1');
      })
      .on('end', () => {
        this.isEnded = true;
      })
      .on('error', () => {
        this.isReset = true;
      })
      .on('close', () => {
        this.isClosed = true;
      });
  }

  send(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** Waits until `part` was received; returns everything up to its end and forgets that. */
  async until(part: string): Promise<string> {
    let searched = 0;
    let found = -1;
    await untilTrue(`'${part}'`, () => {
      found = this.received.indexOf(part, searched);
      searched = Math.max(0, this.received.length - part.length);
      return found !== -1 || this.isClosed;
    });
    if (found === -1) throw new Error(`closed before '${part}' with '${this.received}'`);
    const text = this.received.slice(0, found + part.length);
    this.received = this.received.slice(found + part.length);
    return text;
  }

  /** Waits for a whole head. */
  head(): Promise<string> {
    return this.until('\r\n\r\n');
  }

  /** Waits for that many status lines, or for the close. */
  async answers(count: number): Promise<void> {
    const seen = (): number => this.received.split('HTTP/1.1 ').length - 1;
    await untilTrue(`${count} answers in '${this.received}'`, () => seen() >= count || this.isClosed);
  }

  /** Waits until the other end has ended its side or is gone; returns what came until then. */
  async end(): Promise<string> {
    await untilTrue('the end of the connection', () => this.isEnded || this.isClosed);
    return this.received;
  }
}

/** Connects as a client. */
export async function connectTo(port: number): Promise<Peer> {
  const peer = new Peer(connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true }));
  await once(peer.socket, 'connect');
  return peer;
}
