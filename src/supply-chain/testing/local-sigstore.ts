import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { Instant } from '../../core/time.ts';
import { makeAuthorities } from './authorities.ts';
import { certificateClaims, type WorkflowIdentity } from './workflow-identity.ts';

/** A Sigstore of its own on this machine. Whoever asks gets a certificate for whoever they say they are. */
export interface LocalSigstore {
  /** Of Fulcio (certificates), Rekor (log) and timestamp authority alike. */
  readonly url: string;
  /** The TrustedRoot document by which its bundles are verified. */
  readonly trustedRoot: unknown;
  /** What was asked of it so far: `POST /api/v2/signingCert`. */
  readonly requests: readonly string[];
  /** A token by which Fulcio gives out a certificate for that identity. */
  token(identity: WorkflowIdentity): string;
  /** Does something while it is that time here; not before the Sigstore was started, as its authorities are no older. */
  atTime<T>(at: Instant | undefined, act: () => Promise<T>): Promise<T>;
  /** Answers the next requests with that status. */
  failNext(times: number, status: number): void;
  close(): Promise<void>;
}

/** Starts one, with keys of its own: what another one signed does not verify here. */
export async function startLocalSigstore(): Promise<LocalSigstore> {
  const server = http.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = urlOf(server);
  const clock = new Date(wholeSecond(Date.now()));
  const { handlers, trustedRoot } = await makeAuthorities(url, clock);
  const requests: string[] = [];
  const failing = { times: 0, status: 500 };
  let fixed: Instant | undefined;
  let queue: Promise<unknown> = Promise.resolve();

  async function respond(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    requests.push(`${request.method} ${request.url}`);
    const body = (await buffer(request)).toString();
    const handler = handlers.find(({ path }) => path === request.url);
    if (failing.times > 0 || handler === undefined) {
      const status = failing.times > 0 ? failing.status : 404;
      failing.times -= 1;
      response.writeHead(status).end();
      return;
    }
    clock.setTime(fixed ?? wholeSecond(Date.now()));
    const answer = await handler.fn(body);
    response.writeHead(answer.statusCode, { 'content-type': answer.contentType ?? 'text/plain' });
    response.end(answer.response);
  }

  server.on('request', (request, response) => void respond(request, response));
  return {
    url,
    requests,
    trustedRoot,
    token: (identity) => tokenOf(certificateClaims(identity)),
    atTime<T>(at: Instant | undefined, act: () => Promise<T>): Promise<T> {
      const turn = queue.then(async () => {
        fixed = at === undefined ? undefined : wholeSecond(at);
        return act().finally(() => {
          fixed = undefined;
        });
      });
      queue = turn.catch(() => undefined);
      return turn;
    },
    failNext(times, status) {
      Object.assign(failing, { times, status });
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Timestamps with parts of a second are written without their last zeros, which the verifier then refuses. */
function wholeSecond(instant: Instant): Instant {
  return Math.floor(instant / 1000) * 1000;
}

function urlOf(server: http.Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the local Sigstore has no port');
  return `http://127.0.0.1:${address.port}`;
}

/** Nobody checks its signature here, so it has none. */
function tokenOf(claims: Readonly<Record<string, string>>): string {
  return `${encoded({ alg: 'none', jti: randomUUID() })}.${encoded(claims)}.`;
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
