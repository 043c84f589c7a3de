import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import type { Upstream } from '../index.ts';
import type { AnswerPlan, ExchangePlan } from './plans.ts';
import { startHttp } from './upstreams.ts';

/** An upstream that reads with Node's own parser, answers as planned, and notes what should never have come. */
export interface ActingUpstream {
  readonly upstream: Upstream;
  readonly surprises: readonly string[];
}

/** Codes of requests that were broken off, as those of clients that leave are. */
const BROKEN_OFF: ReadonlySet<unknown> = new Set(['HPE_INVALID_EOF_STATE', 'ECONNRESET', 'EPIPE']);

export async function startActing(
  test: TestContext,
  planOf: (id: string) => ExchangePlan | undefined,
): Promise<ActingUpstream> {
  const surprises: string[] = [];
  const act = (request: IncomingMessage): void => {
    const { socket } = request;
    const plan = planOf(request.url?.slice(1) ?? '');
    if (plan === undefined) return void surprises.push(`nobody asked for ${request.method} ${request.url}`);
    let body = '';
    request
      .setEncoding('latin1')
      .on('error', () => {})
      .on('data', (text: string) => (body += text))
      .on('end', () => {
        if (body !== plan.sent.body) surprises.push(`the body of ${plan.id} was changed`);
        if (plan.answer.waits) void say(socket, plan.answer);
      });
    if (!plan.answer.waits) void say(socket, plan.answer);
  };
  const { upstream, server } = await startHttp(test, act);
  server.keepAliveTimeout = 60_000;
  server
    .on('checkContinue', (request: IncomingMessage) => {
      request.socket.write('HTTP/1.1 100 Continue\r\n\r\n');
      act(request);
    })
    .on('connection', (socket: Socket) => socket.setMaxListeners(0).on('error', () => {}))
    .on('clientError', (error: NodeJS.ErrnoException, socket) => {
      if (!BROKEN_OFF.has(error.code)) surprises.push(`the upstream refused something: ${error.message}`);
      socket.destroy();
    });
  return { upstream, surprises };
}

async function say(socket: Socket, { bytes, closes, breaksAt, breaksBy, piece }: AnswerPlan): Promise<void> {
  const end = breaksAt ?? bytes.length;
  for (let at = 0; at < end && socket.writable; at += piece) {
    socket.write(bytes.slice(at, Math.min(end, at + piece)), 'latin1');
    await turn();
  }
  if (breaksAt !== null && breaksBy === 'reset') socket.resetAndDestroy();
  else if (breaksAt !== null || closes) socket.end();
}
