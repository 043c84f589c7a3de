import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

/** How an invocation ended. */
export type Outcome =
  | { readonly kind: 'answered'; readonly reply: unknown }
  | { readonly kind: 'failed'; readonly errorType: string; readonly errorMessage: string }
  | { readonly kind: 'timed-out' };

/** What an invocation is given. */
export interface InvokeOptions {
  /** Timeout of the function in milliseconds. */
  readonly timeout?: number;
  readonly traceId?: string;
}

/**
 * The part of Lambda that a function sees: its Runtime API, as real HTTP. It is strict: what the protocol does not allow
 * is refused and remembered.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export interface LambdaRuntime extends AsyncDisposable {
  /** For `AWS_LAMBDA_RUNTIME_API`. */
  readonly authority: string;
  /** Queues an event and waits for how it ends. */
  invoke(event: unknown, options?: InvokeOptions): Promise<Outcome>;
  /** Resolves when the function says that it cannot start. */
  readonly initFailed: Promise<{ readonly errorType: string; readonly errorMessage: string }>;
  /** One sentence for each thing that the function should not have done. */
  readonly violations: readonly string[];
}

interface Waiting {
  readonly id: string;
  readonly event: string;
  readonly timeout: number;
  readonly traceId: string;
  readonly end: (outcome: Outcome) => void;
}

/** Lambda takes that many bytes and not one more. */
const LARGEST_REPLY = 6 * 1024 * 1024 + 100;
const API = '/2018-06-01/runtime';

/** Starts a Runtime API for one execution environment on a free port. */
export async function startLambdaRuntime(): Promise<LambdaRuntime> {
  const queue: Waiting[] = [];
  const violations: string[] = [];
  const initFailed = Promise.withResolvers<{ errorType: string; errorMessage: string }>();
  let asking: ServerResponse | null = null;
  let open: Waiting | null = null;
  let timer: NodeJS.Timeout | undefined;

  function handOut(): void {
    const next = queue[0];
    if (asking === null || next === undefined) return;
    queue.shift();
    open = next;
    asking.writeHead(200, {
      'Content-Type': 'application/json',
      'Lambda-Runtime-Aws-Request-Id': next.id,
      'Lambda-Runtime-Deadline-Ms': String(Date.now() + next.timeout),
      'Lambda-Runtime-Trace-Id': next.traceId,
      'Lambda-Runtime-Invoked-Function-Arn': 'arn:aws:lambda:eu-west-1:123456789012:function:podinfo',
    });
    asking.end(next.event);
    asking = null;
    timer = setTimeout(() => finish(next, { kind: 'timed-out' }), next.timeout);
  }

  function finish(invocation: Waiting, outcome: Outcome): void {
    if (open !== invocation) return;
    clearTimeout(timer);
    open = null;
    invocation.end(outcome);
  }

  function refuse(response: ServerResponse, status: number, why: string): void {
    violations.push(why);
    response.writeHead(status).end(JSON.stringify({ errorType: 'Refused', errorMessage: why }));
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    const body = await text(request);
    if (method === 'GET' && url === `${API}/invocation/next`) {
      if (open !== null || asking !== null) return refuse(response, 403, 'asked for an event during another');
      asking = response;
      response.once('close', () => {
        if (asking === response) asking = null;
      });
      return handOut();
    }
    if (method === 'POST' && url === `${API}/init/error`) {
      initFailed.resolve(JSON.parse(body));
      response.writeHead(202).end('{"status":"OK"}');
      return;
    }
    const [, id, what] = /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/(response|error)$/.exec(url) ?? [];
    if (method !== 'POST' || open === null || id !== open.id) {
      return refuse(response, 400, `${method} ${url} does not fit what is under way`);
    }
    if (Buffer.byteLength(body) > LARGEST_REPLY) {
      refuse(response, 413, `an answer of ${Buffer.byteLength(body)} bytes`);
      return finish(open, { kind: 'failed', errorType: 'Function.ResponseSizeTooLarge', errorMessage: '' });
    }
    response.writeHead(202).end('{"status":"OK"}');
    finish(
      open,
      what === 'error'
        ? { kind: 'failed', ...JSON.parse(body) }
        : { kind: 'answered', reply: JSON.parse(body) },
    );
  }

  const server = createServer((request, response) => void serve(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert(typeof address === 'object' && address !== null);
  return {
    authority: `127.0.0.1:${address.port}`,
    initFailed: initFailed.promise,
    violations,
    invoke(event, { timeout = 30_000, traceId = 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0' } = {}) {
      return new Promise((end) => {
        queue.push({ id: randomUUID(), event: JSON.stringify(event), timeout, traceId, end });
        handOut();
      });
    },
    async [Symbol.asyncDispose]() {
      clearTimeout(timer);
      if (!server.listening) return;
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
