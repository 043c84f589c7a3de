import { Attempt } from './attempt.ts';
import { type Body, bodyOf } from './message/body.ts';
import type { ClientConnection } from './client-connection.ts';
import type { ClientUser } from './client-user.ts';
import { fieldValue } from './message/fields.ts';
import { parseHead } from './message/parse-head.ts';
import { refusal } from './message/refusal.ts';
import type { Timeouts } from './patience.ts';
import { renderRequest, upgradeLines } from './message/render-request.ts';
import { persistenceLine, renderResponse } from './message/render-response.ts';
import type { Request } from './message/request.ts';
import { keepsConnection, parseResponse, promisedSeconds, type Response } from './message/response.ts';
import type { Failure, Route } from './route.ts';
import { send } from './send.ts';
import { Tunnel } from './tunnel.ts';
import type { UpstreamUser } from './upstream-connection.ts';

const NOTHING = Buffer.alloc(0);
const FAILURE_ANSWERS = {
  connect: { status: 502, detail: 'the service does not accept connections' },
  reset: { status: 502, detail: 'the service closed the connection' },
  'bad-response': { status: 502, detail: 'the service sent a response that is not HTTP' },
  timeout: { status: 504, detail: 'the service did not answer in time' },
} as const;
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/**
 * One request on its way to an upstream, and its response on the way back. Both are passed on as they come; either side
 * waits while the other has no room. It is over when both have been passed on, or one of the ends is lost.
 */
export class Exchange implements ClientUser, UpstreamUser {
  readonly #client: ClientConnection;
  readonly #request: Request;
  readonly #turns: Timeouts;
  #attempt: Attempt;
  /** What is still to come of the request's body; null when it has been sent on. */
  #requestBody: Body | null;
  #hasSentBody = false;
  /** Whether the client may be holding its body back for a word of the upstream. */
  #awaitsContinue: boolean;
  /** Whether the upstream has said anything. */
  #isHeard = false;
  /** The beginning of a response's head. */
  #partialHead: Buffer = NOTHING;
  #response: Response | null = null;
  #responseBody: Body | null = null;
  /** Whether the client has got the response's head, or even the whole response. */
  #passed: 'nothing' | 'head' | 'all' = 'nothing';
  #persists = false;
  #isReusable = false;

  constructor(client: ClientConnection, request: Request, route: Route) {
    this.#client = client;
    this.#request = request;
    this.#turns = client.context.patience.turns;
    this.#requestBody = bodyOf(request.framing, false);
    this.#awaitsContinue = request.expectsContinue && this.#requestBody !== null;
    this.#attempt = new Attempt(route, this, 1);
  }

  /** Sends the request, or waits for the connection to send it on. */
  begin(): void {
    if (this.#attempt.connection.isConnected) this.#sendRequest();
    else this.#client.await(this.#turns.connect);
  }

  upstreamConnected(): void {
    this.#sendRequest();
    this.#client.regulate();
  }

  clientSent(): void {
    if (this.#attempt.connection.isConnected && this.#requestBody !== null)
      this.#sendBody('', this.#requestBody);
  }

  get isBlocked(): boolean {
    return this.#requestBody !== null && this.#attempt.connection.socket.writableNeedDrain;
  }

  upstreamDrained(): void {
    this.#client.regulate();
  }

  upstreamSent(bytes: Buffer): void {
    this.#isHeard = true;
    if (this.#passed === 'all') this.#giveUpRequest();
    else if (this.#response !== null && this.#responseBody !== null)
      this.#passBody('', this.#responseBody, bytes, 0);
    else this.#readHeads(this.#partialHead.length === 0 ? bytes : Buffer.concat([this.#partialHead, bytes]));
  }

  clientDrained(): void {
    this.#attempt.connection.socket.resume();
    if (this.#passed === 'head') this.#awaitResponse();
  }

  upstreamEnded(): void {
    const isEnd = this.#passed === 'head' && this.#response?.framing.kind === 'until-close';
    if (isEnd) this.#complete(true);
    else this.upstreamClosed();
  }

  upstreamClosed(): void {
    if (this.#passed === 'all') this.#giveUpRequest();
    else if (!this.#attempt.connection.isConnected) this.#fail('connect');
    else if (this.#mayBeStale()) this.#reconnect();
    else this.#fail('reset');
  }

  /** A client that has sent its whole request may still wait for the answer. */
  clientEnded(): void {
    if (this.#requestBody === null) {
      if (this.#passed === 'head') this.#client.await(this.#turns.halfClosed);
    } else if (this.#attempt.connection.isConnected) this.#lose();
  }

  clientClosed(): void {
    this.#leave();
  }

  expired(): void {
    const { isConnected, socket } = this.#attempt.connection;
    const awaitsBody = this.#requestBody !== null && !this.#awaitsContinue && !socket.writableNeedDrain;
    const awaitsRoom = this.#client.socket.writableNeedDrain || this.#client.hasEnded;
    if (!isConnected) this.#fail('connect');
    else if (this.#passed === 'all') this.#giveUpRequest();
    else if (awaitsBody || (this.#passed === 'head' && awaitsRoom)) this.#refuse(408, 'the client stalled');
    else this.#fail(this.#isOpenEnded() ? 'silence' : 'timeout');
  }

  /** Whether a response is under way that did not say how long it would be. */
  #isOpenEnded(): boolean {
    return this.#response !== null && this.#response.framing.kind !== 'length';
  }

  #sendRequest(): void {
    const { upstream, requestHeaders } = this.#attempt.route;
    const head = renderRequest(this.#request, {
      client: this.#client.address,
      authority: upstream.authority,
      added: requestHeaders ?? '',
    });
    if (this.#requestBody !== null) return this.#sendBody(head, this.#requestBody);
    this.#attempt.connection.socket.write(head, 'latin1');
    this.#client.await(this.#turns.response);
  }

  /** Sends what the client has sent of the body, behind `head`. */
  #sendBody(head: string, body: Body): void {
    const { unread } = this.#client;
    const end = body.read(unread, 0);
    if (body.state === 'bad') return this.#refuse(400, 'a bad chunk');
    if (end > 0) {
      this.#hasSentBody = true;
      this.#awaitsContinue = false;
    }
    send(this.#attempt.connection.socket, head, unread, body.ranges);
    this.#client.take(end);
    if (body.state === 'complete') this.#requestBody = null;
    else if (this.#client.hasEnded) return this.#lose();
    if (this.#requestBody !== null) this.#client.await(this.#turns.body);
    else if (this.#passed === 'nothing') this.#client.await(this.#turns.response);
    else if (this.#passed === 'head') this.#awaitResponse();
    else this.#end();
  }

  #readHeads(bytes: Buffer): void {
    const { method } = this.#request;
    const limit = this.#client.context.limits.headBytes;
    let start = 0;
    while (start < bytes.length) {
      const response = parseHead(bytes, { start, limit }, (text) => parseResponse(text, method));
      if (response === null) break;
      if (response.kind === 'refusal') return this.#fail('bad-response');
      start += response.fields.end;
      if (response.status === 101) return this.#switchProtocol(response, bytes.subarray(start));
      if (response.status >= 200) return this.#beginResponse(response, bytes, start);
      this.#passInterim(response);
    }
    if (bytes.length - start >= limit) return this.#fail('bad-response');
    this.#partialHead = Buffer.from(bytes.subarray(start));
  }

  #passInterim(response: Response): void {
    if (response.status === 100) this.#awaitsContinue = false;
    if (this.#request.minor === 0) return;
    const hasRoom = this.#client.socket.write(renderResponse(response, 1, ''), 'latin1');
    if (!hasRoom) this.#attempt.connection.socket.pause();
  }

  #switchProtocol(response: Response, rest: Buffer): void {
    const protocol = fieldValue(response.fields, 'upgrade');
    if (this.#request.upgrade === undefined || protocol === undefined || this.#requestBody !== null) {
      return this.#fail('bad-response');
    }
    const added = (this.#attempt.route.responseHeaders ?? '') + upgradeLines(protocol);
    this.#response = response;
    this.#client.socket.write(renderResponse(response, 1, added), 'latin1');
    this.#report(null, false);
    new Tunnel(this.#client, this.#attempt.route.upstream, this.#attempt.connection).begin(rest);
  }

  #beginResponse(response: Response, bytes: Buffer, start: number): void {
    const { framing } = response;
    const { minor } = this.#request;
    const unwraps = minor === 0 && framing.kind === 'chunked';
    this.#response = response;
    this.#isReusable = keepsConnection(response);
    this.#persists =
      this.#client.mayPersist(this.#request) &&
      framing.kind !== 'until-close' &&
      !unwraps &&
      !this.#leavesRequestUnsent();
    const added = (this.#attempt.route.responseHeaders ?? '') + persistenceLine(minor, this.#persists);
    const head = renderResponse(response, minor, added);
    const body = bodyOf(framing, unwraps);
    this.#responseBody = body;
    if (body !== null) return this.#passBody(head, body, bytes, start);
    this.#client.socket.write(head, 'latin1');
    this.#complete(start === bytes.length);
  }

  /** Passes what `bytes` from `start` on hold of the response's body to the client, behind `head`. */
  #passBody(head: string, body: Body, bytes: Buffer, start: number): void {
    const end = body.read(bytes, start);
    if (body.state === 'bad') return this.#fail('bad-response');
    const hasRoom = send(this.#client.socket, head, bytes, body.ranges);
    this.#passed = 'head';
    if (body.state === 'complete') return this.#complete(end === bytes.length);
    if (!hasRoom) this.#attempt.connection.socket.pause();
    this.#awaitResponse();
  }

  /** Waits for more of the response's body, or for the client to take what there is: not long if it has perhaps gone. */
  #awaitResponse(): void {
    const { halfClosed, silence, body } = this.#turns;
    if (this.#client.socket.writableNeedDrain) this.#client.await(body);
    else this.#client.await(this.#client.hasEnded ? halfClosed : silence);
  }

  /** The response is through. `isClean`: the upstream has sent nothing behind it. */
  #complete(isClean: boolean): void {
    this.#passed = 'all';
    this.#isReusable &&= isClean;
    this.#report(null, false);
    if (this.#requestBody === null) this.#end();
    else if (this.#leavesRequestUnsent()) this.#giveUpRequest();
    else this.#client.await(this.#turns.body);
  }

  /** Request and response are through. */
  #end(): void {
    if (this.#isReusable && this.#response !== null) this.#attempt.release(promisedSeconds(this.#response));
    else this.#attempt.discard();
    this.#client.finish(this.#persists);
  }

  /** Whether the response makes the rest of the request pointless: then the client's connection cannot be used again. */
  #leavesRequestUnsent(): boolean {
    return this.#requestBody !== null && (this.#awaitsContinue || !this.#isReusable);
  }

  /** The response is through, and nobody wants the rest of the request. */
  #giveUpRequest(): void {
    this.#attempt.discard();
    this.#client.finish(false);
  }

  /** A connection that was used before and closes without a word was most likely closing when the request set out. */
  #mayBeStale(): boolean {
    const isSilent = this.#attempt.connection.isReused && !this.#isHeard;
    return isSilent && !this.#hasSentBody && IDEMPOTENT.has(this.#request.method);
  }

  #reconnect(): void {
    this.#attempt.reconnect(this);
    this.#client.await(this.#turns.connect);
  }

  /** The upstream has failed. Another is asked only when this one cannot have heard of the request. */
  #fail(failure: Exclude<Failure, 'client-gone'>): void {
    this.#attempt.discard();
    if (this.#passed !== 'nothing' || failure === 'silence') {
      this.#report(failure, false);
      return this.#client.abort();
    }
    const { route, number } = this.#attempt;
    const mayGoOn = failure === 'connect' && number < this.#client.context.limits.attempts;
    const next = mayGoOn ? route.another() : null;
    this.#report(failure, next !== null);
    if (next === null) {
      return this.#client.answer(this.#request, FAILURE_ANSWERS[failure], this.#requestBody === null);
    }
    this.#attempt = new Attempt(next, this, number + 1);
    this.begin();
  }

  /** The client has broken its request off, in one way or another. */
  #refuse(status: number, reason: string): void {
    this.#leave();
    if (this.#passed === 'nothing') this.#client.refuse(refusal(status, reason));
    else this.#client.abort();
  }

  /** The client has gone before its request was whole. */
  #lose(): void {
    this.#leave();
    this.#client.drop();
  }

  #leave(): void {
    this.#attempt.discard();
    if (this.#passed !== 'all') this.#report('client-gone', false);
  }

  #report(failure: Failure | null, retried: boolean): void {
    this.#attempt.report(this.#response?.status ?? null, failure, retried);
  }
}
