import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { responseTo } from './response-to.ts';

/** One event to be answered. */
export interface Invocation {
  readonly id: string;
  /** When Lambda stops waiting, in milliseconds since 1970. */
  readonly deadline: number;
  /** For `X-Amzn-Trace-Id`; null when Lambda gives none. */
  readonly traceId: string | null;
  /** JSON. */
  readonly event: string;
}

/** Why an invocation, or the start, came to nothing. */
export interface RuntimeFailure {
  /** A category and a reason: `Podinfo.DeadlineExceeded`. */
  readonly errorType: string;
  readonly errorMessage: string;
}

/** What the Runtime API said to what it was sent. */
export interface Receipt {
  readonly status: number;
  readonly says: string;
}

/**
 * The Runtime API of Lambda. All reject when it does not answer, or answers that it is broken itself; there is nothing
 * to do then but to end.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export interface RuntimeApi {
  /** Waits for the next event, for as long as it takes; meanwhile Lambda may freeze the process. */
  next(): Promise<Invocation>;
  answer(id: string, reply: string): Promise<Receipt>;
  fail(id: string, failure: RuntimeFailure): Promise<Receipt>;
  /** Says that the process cannot serve at all. */
  failInit(failure: RuntimeFailure): Promise<Receipt>;
}

/** `authority` is what `AWS_LAMBDA_RUNTIME_API` says: host and port. */
export function runtimeApi(authority: string): RuntimeApi {
  const base = `http://${authority}/2018-06-01/runtime`;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });

  async function call(path: string, body: string | null, headers: Readonly<Record<string, string>> = {}) {
    const asked = request(`${base}${path}`, { agent, method: body === null ? 'GET' : 'POST', headers });
    asked.end(body ?? undefined);
    const response = await responseTo(asked);
    const says = await text(response);
    const status = response.statusCode ?? 0;
    if (status >= 500) throw new Error(`the Runtime API of Lambda answered ${path} with ${status}: ${says}`);
    return { status, says, headers: response.headers };
  }

  function report(path: string, failure: RuntimeFailure): Promise<Receipt> {
    return call(path, JSON.stringify({ ...failure, stackTrace: [] }), {
      'content-type': 'application/vnd.aws.lambda.error+json',
      'lambda-runtime-function-error-type': failure.errorType,
    });
  }

  return {
    async next() {
      const { status, says, headers } = await call('/invocation/next', null);
      const id = headers['lambda-runtime-aws-request-id'];
      const deadline = Number(headers['lambda-runtime-deadline-ms']);
      if (status !== 200 || typeof id !== 'string' || !Number.isSafeInteger(deadline)) {
        throw new Error(`the Runtime API of Lambda gave no event, but ${status}: ${says}`);
      }
      const traceId = headers['lambda-runtime-trace-id'];
      return {
        id,
        deadline,
        traceId: typeof traceId === 'string' ? traceId : null,
        event: says,
      };
    },
    answer: (id, reply) => call(`/invocation/${id}/response`, reply, { 'content-type': 'application/json' }),
    fail: (id, failure) => report(`/invocation/${id}/error`, failure),
    failInit: (failure) => report('/init/error', failure),
  };
}
