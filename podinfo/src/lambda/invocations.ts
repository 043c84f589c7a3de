import type { LocalServer } from '../lifecycle/listen.ts';
import type { Log } from '../reporting/log.ts';
import type { HttpEvent } from './http-event.ts';
import { forward } from './forward.ts';
import { valuesOf, type HeaderLines } from './headers.ts';
import { readEvent } from './read-event.ts';
import { LARGEST_REPLY, replyFor } from './reply.ts';
import type { Invocation, RuntimeApi, RuntimeFailure } from './runtime-api.ts';

/** What it takes to serve invocations. */
export interface InvocationSettings {
  readonly api: RuntimeApi;
  readonly server: LocalServer;
  readonly log: Log;
  /** Asked before each invocation is taken. */
  readonly isStopping: () => boolean;
}

/** Invocations that are being served. */
export interface Invocations {
  /** Resolves when none is under way. */
  settled(): Promise<void>;
  /** Resolves when no more are taken; rejects when the Runtime API is lost. */
  readonly ended: Promise<void>;
}

type Outcome =
  | { readonly kind: 'reply'; readonly reply: string }
  | { readonly kind: 'failure'; readonly failure: RuntimeFailure };

/** Milliseconds before the deadline that are kept for telling Lambda that there will be no answer. */
const RESERVE = 100;

/** Headers in which callers name their request; with none of them, it goes by the name that Lambda gives it. */
const CORRELATION = ['x-correlation-id', 'x-request-id', 'traceparent'];

/** Takes invocations one after the other, and has each answered by the server of this process. */
export function serveInvocations({ api, server, log, isStopping }: InvocationSettings): Invocations {
  let current = Promise.resolve();

  async function serve(invocation: Invocation): Promise<void> {
    const { id } = invocation;
    const outcome = await outcomeOf(invocation, server);
    if (outcome.kind === 'failure')
      log('error', 'an invocation failed', { invocation: id, ...outcome.failure });
    const receipt = await (outcome.kind === 'reply'
      ? api.answer(id, outcome.reply)
      : api.fail(id, outcome.failure));
    if (receipt.status >= 400) log('error', 'Lambda did not take the answer', { invocation: id, ...receipt });
  }

  async function takeAll(): Promise<void> {
    while (!isStopping()) {
      const invocation = await api.next();
      current = serve(invocation);
      await current;
    }
  }

  return { ended: takeAll(), settled: () => current };
}

async function outcomeOf(invocation: Invocation, server: LocalServer): Promise<Outcome> {
  const event = readEvent(parse(invocation.event));
  if (event === null) {
    return failed(
      'UnknownEvent',
      'An event must be an HTTP request of API Gateway, a function URL or an ALB.',
    );
  }
  const signal = AbortSignal.timeout(Math.max(0, invocation.deadline - Date.now() - RESERVE));
  try {
    const answer = await forward(
      { ...event, headers: withIdentity(event, invocation) },
      { server, limit: LARGEST_REPLY[event.form], signal },
    );
    return { kind: 'reply', reply: replyFor(event.form, answer) };
  } catch (error) {
    if (signal.aborted)
      return failed('DeadlineExceeded', 'There was no answer before the function times out.');
    return failed('NoAnswer', `The request could not be answered: ${String(error)}`);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Lambda's own trace goes before the one of the request, of which it is a part. */
function withIdentity({ headers }: HttpEvent, { id, traceId }: Invocation): HeaderLines {
  const isNamed = CORRELATION.some((name) => valuesOf(headers, name).length > 0);
  const name: HeaderLines = isNamed ? [] : [['x-request-id', id]];
  if (traceId === null) return [...headers, ...name];
  const others = headers.filter(([header]) => header.toLowerCase() !== 'x-amzn-trace-id');
  return [...others, ...name, ['x-amzn-trace-id', traceId]];
}

function failed(reason: string, errorMessage: string): Outcome {
  return { kind: 'failure', failure: { errorType: `Podinfo.${reason}`, errorMessage } };
}
