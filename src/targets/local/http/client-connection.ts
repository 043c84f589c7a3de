import type { Socket } from 'node:net';
import { renderAnswer } from './message/answer.ts';
import type { ClientUser } from './client-user.ts';
import { Exchange } from './exchange.ts';
import { CR, LF } from './message/octets.ts';
import { parseHead } from './message/parse-head.ts';
import { type Refusal, refusal } from './message/refusal.ts';
import { persistenceLine } from './message/render-response.ts';
import { parseRequest, type Request } from './message/request.ts';
import type { ServerContext } from './server-context.ts';

const NOTHING = Buffer.alloc(0);
/** Turns that an idle connection is given when the server closes: a request may be on its way. */
const GRACE = 2;
const NO_PLACE: OwnAnswer = {
  status: 503,
  detail: 'no instance of the service can take the request now',
  lines: 'Retry-After: 1\r\n',
};

/** What the proxy says in place of an upstream; `lines` are whole field lines. */
interface OwnAnswer {
  readonly status: number;
  readonly detail: string;
  readonly lines?: string;
}

/** A client's connection: reads one request after the other and has an exchange serve each. */
export class ClientConnection {
  readonly socket: Socket;
  readonly address: string;
  readonly context: ServerContext;
  /** What the client sent and nobody has taken. */
  unread: Buffer = NOTHING;
  /** Whether the client will send no more. It may still wait for answers. */
  hasEnded = false;
  #user: ClientUser | null = null;
  #deadline: number;
  #isPaused = false;
  #isReadingRequests = false;
  /** Whether the wait for the rest of a head has begun. */
  #hasBegun = false;
  /** Whether the proxy has closed its side; what still comes is thrown away. */
  #isLingering = false;

  constructor(socket: Socket, address: string, context: ServerContext) {
    this.socket = socket;
    this.address = address;
    this.context = context;
    this.#deadline = context.patience.now + context.patience.turns.head;
    socket
      .on('data', (bytes) => this.#receive(bytes))
      .on('drain', () => this.#drained())
      .on('end', () => this.#ended())
      // What went wrong does not matter to anybody; that it is over is told by `close`.
      .on('error', () => {})
      .on('close', () => this.#user?.clientClosed());
  }

  /** Marks the first `length` unread bytes as used up. */
  take(length: number): void {
    this.unread = length === this.unread.length ? NOTHING : this.unread.subarray(length);
  }

  /** Hands what the client sends from now on to another user. */
  handTo(user: ClientUser): void {
    this.#user = user;
  }

  /** Begins a wait of that many turns; at its end the user is told that it has `expired`. */
  await(turns: number): void {
    this.#deadline = this.context.patience.now + turns;
  }

  /** Stops reading while there is no room for more, and goes on when there is. */
  regulate(): void {
    const isFull = this.#isFull() || this.#user?.isBlocked === true;
    if (isFull === this.#isPaused) return;
    this.#isPaused = isFull;
    if (isFull) this.socket.pause();
    else this.socket.resume();
  }

  /** Whether the connection may serve another request after this one. */
  mayPersist({ minor, connection }: Request): boolean {
    return !this.context.isDraining && !connection.close && (minor === 1 || connection.keepAlive);
  }

  /** Ends the exchange. The connection then serves the next request, or ends too. */
  finish(persists: boolean): void {
    this.#user = null;
    if (!persists) return this.#linger();
    this.await(this.context.patience.turns.keepAlive);
    if (this.context.isDraining) this.drain();
    if (this.#isReadingRequests) return;
    this.#readRequests();
    this.regulate();
  }

  /** Answers a request in place of an upstream. `isWhole`: nothing more of the request is to come. */
  answer(request: Request, answer: OwnAnswer, isWhole: boolean): void {
    const persists = isWhole && this.mayPersist(request);
    const lines = `${answer.lines ?? ''}${persistenceLine(request.minor, persists)}`;
    this.socket.write(renderAnswer({ ...answer, lines, hasBody: request.method !== 'HEAD' }), 'latin1');
    this.finish(persists);
  }

  /** Tells the client that it cannot be understood, and ends the connection. */
  refuse({ status, reason, lines }: Refusal): void {
    this.#user = null;
    const allLines = `${lines}${persistenceLine(1, false)}`;
    this.socket.write(renderAnswer({ status, detail: reason, lines: allLines, hasBody: true }), 'latin1');
    this.#linger();
  }

  /** Ends the connection to a client that has left. */
  drop(): void {
    this.#user = null;
    this.socket.destroy();
  }

  /** Ends the connection so that the client sees that its response is cut off. */
  abort(): void {
    this.#user = null;
    this.#isLingering = true;
    this.unread = NOTHING;
    this.await(this.context.patience.turns.body);
    // Sends first what waits to be sent, and that may take until the deadline.
    this.socket.resetAndDestroy();
  }

  /** Ends the connection soon if it is idle; one that is in use ends by itself. */
  drain(): void {
    const isIdle = this.#user === null && this.unread.length === 0 && !this.#isLingering;
    if (isIdle) this.#deadline = Math.min(this.#deadline, this.context.patience.now + GRACE);
  }

  /** Ends the wait if its time has come. */
  checkDeadline(): void {
    if (this.context.patience.now < this.#deadline) return;
    if (this.#user !== null) this.#user.expired();
    else if (this.unread.length === 0 || this.#isLingering) this.socket.destroy();
    else this.refuse(refusal(408, 'the request did not arrive in time'));
  }

  #ended(): void {
    this.hasEnded = true;
    if (this.#user === null) this.#closeWhenServed();
    else this.#user.clientEnded();
  }

  /** Ends the connection to a client that sends no more, unless there are requests left which wait for it to read. */
  #closeWhenServed(): void {
    const waits = this.#user !== null || (this.unread.length > 0 && this.socket.writableNeedDrain);
    if (this.hasEnded && !waits && !this.#isLingering) this.socket.destroySoon();
  }

  #drained(): void {
    if (this.#user !== null) return this.#user.clientDrained();
    // The next request waits until the client has taken the response to the one before.
    if (!this.#isLingering) this.#readRequests();
    this.regulate();
  }

  #receive(bytes: Buffer): void {
    if (this.#isLingering) return;
    const isFirst = this.unread.length === 0;
    this.unread = isFirst ? bytes : Buffer.concat([this.unread, bytes]);
    if (this.#user !== null) this.#user.clientSent();
    // A head that trickles in is looked at once a line, not once a byte.
    else if (isFirst || bytes.includes(LF) || this.#isFull()) this.#readRequests();
    this.regulate();
  }

  #readRequests(): void {
    this.#isReadingRequests = true;
    let goesOn = true;
    while (goesOn && this.#user === null && this.unread.length > 0 && !this.socket.writableNeedDrain) {
      goesOn = this.#readRequest();
    }
    this.#isReadingRequests = false;
    this.#closeWhenServed();
  }

  /** Whether something was read, so that there may be more. */
  #readRequest(): boolean {
    const { requestLineBytes, headBytes } = this.context.limits;
    if (this.unread[0] === CR && (this.unread[1] ?? LF) === LF) return this.#skipEmptyLine();
    const request = parseHead(this.unread, { start: 0, limit: headBytes }, (text) =>
      parseRequest(text, requestLineBytes),
    );
    if (request === null) return this.#awaitHead();
    this.#hasBegun = false;
    if (request.kind === 'refusal') {
      this.refuse(request);
      return false;
    }
    this.take(request.fields.end);
    this.#serve(request);
    return true;
  }

  #serve(request: Request): void {
    const route = this.context.route(request, this);
    if (route === null) return this.answer(request, NO_PLACE, request.framing.kind === 'none');
    const exchange = new Exchange(this, request, route);
    this.#user = exchange;
    exchange.begin();
  }

  /** One before a request is tolerated: some clients end a body with one that they do not count. */
  #skipEmptyLine(): boolean {
    if (this.unread.length === 1) return this.#awaitHead();
    this.take(2);
    return true;
  }

  #awaitHead(): false {
    if (this.#isFull()) this.refuse(refusal(431, 'the head of the request is too long'));
    else if (!this.#hasBegun) this.await(this.context.patience.turns.head);
    this.#hasBegun = true;
    return false;
  }

  #isFull(): boolean {
    return this.unread.length >= this.context.limits.headBytes;
  }

  /** Closes the proxy's side and waits for the client to do so: what is closed too early may take the answer with it. */
  #linger(): void {
    this.#isLingering = true;
    this.unread = NOTHING;
    this.regulate();
    this.await(this.context.patience.turns.body);
    this.socket.end(() => this.await(this.context.patience.turns.linger));
  }
}
