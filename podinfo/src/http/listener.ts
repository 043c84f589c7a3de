import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { SPARED, type Fate } from '../faults/faults.ts';
import type { Readiness } from '../lifecycle/readiness.ts';
import type { Log } from '../reporting/log.ts';
import type { Metrics } from '../reporting/metrics.ts';
import type { Redaction } from '../reporting/redaction.ts';
import { failure, type Answer } from './answer.ts';
import { parseTarget, type Call } from './call.ts';
import { correlationIdOf } from './correlation.ts';
import type { Match, Router } from './router.ts';
import { send } from './send.ts';

/** What it takes to answer requests. */
export interface Service {
  readonly version: string;
  readonly route: Router;
  /** Draws what happens to the next user's request. */
  readonly nextFate: () => Fate;
  readonly readiness: Readiness;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly redaction: Redaction;
}

/** A request on its way through the service. */
interface Visit {
  readonly call: Call;
  readonly match: Match;
  readonly fate: Fate;
  readonly response: ServerResponse;
}

/** What proxies call a request whose client left before there was an answer; it is never sent. */
const CLIENT_LEFT = 499;

/** Answers requests by the routes, with the faults that are injected, and reports each when it is over. */
export function requestListener(service: Service): RequestListener {
  return (request, response) => {
    const visit = receive(service, request, response);
    void answer(service, visit).then((reply) => send(response, reply));
  };
}

function receive(service: Service, request: IncomingMessage, response: ServerResponse): Visit {
  const began = performance.now();
  const { headers, method = 'GET', url = '/' } = request;
  const { path, query } = parseTarget(url);
  const match = service.route(method, path);
  const { parameters } = match;
  const isPublic = (text: string) => service.redaction.text(text) === text;
  const correlationId = correlationIdOf(headers, isPublic);
  const gone = new AbortController();
  const { signal } = gone;
  const call: Call = { method, path, query, headers, parameters, correlationId, request, signal };
  const fate = match.audience === 'users' ? service.nextFate() : SPARED;
  const visit: Visit = { call, match, fate, response };

  response.setHeader('X-Correlation-Id', correlationId);
  response.setHeader('X-Release', service.version);
  response.setHeader('X-Content-Type-Options', 'nosniff');
  service.metrics.begin();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
    report(service, visit, performance.now() - began);
  });
  return visit;
}

async function answer(service: Service, { call, match, fate, response }: Visit): Promise<Answer> {
  try {
    if (fate.latency > 0) await wait(fate.latency, undefined, { signal: call.signal });
    if (fate.fails) return failure(500, 'This failure was injected; FAULT_ERROR_RATE says how often.');
    return await match.answer(call);
  } catch (error) {
    if (!call.signal.aborted) {
      const { correlationId } = call;
      service.log('error', 'a request could not be answered', { correlationId, error: describe(error) });
    }
    return failure(500, 'Something went wrong inside podinfo; the log says what.');
  } finally {
    if (service.readiness.state() === 'stopping') response.setHeader('Connection', 'close');
  }
}

function report({ metrics, log, redaction }: Service, visit: Visit, duration: number): void {
  const { call, match, fate, response } = visit;
  const status = response.headersSent ? response.statusCode : CLIENT_LEFT;
  metrics.end({ route: match.route, status, seconds: duration / 1_000 });
  log(status >= 500 ? 'error' : 'info', 'request', {
    correlationId: call.correlationId,
    method: call.method,
    path: redaction.path(call.path),
    status,
    durationMs: Math.round(duration * 1_000) / 1_000,
    fault: faultOf(fate),
    incomplete: response.writableFinished ? undefined : true,
  });
}

function faultOf(fate: Fate): string | undefined {
  if (fate.fails) return 'error';
  return fate.latency > 0 ? 'latency' : undefined;
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
