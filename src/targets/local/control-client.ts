import { type ClientRequest, request } from 'node:http';
import type { z } from 'zod';
import { TargetError } from '../target.ts';
import { answers, type requests } from './messages.ts';

/** The controller's end of the line to a proxy. */
export interface ControlClient {
  reading(signal?: AbortSignal): Promise<z.infer<typeof answers.reading>>;
  /** Gives an order. Rejects with `fenced`, `refused`, `not-prepared`, or `unreachable` when there is no proxy. */
  order<Name extends keyof typeof requests>(
    name: Name,
    body: z.infer<(typeof requests)[Name]>,
    signal?: AbortSignal,
  ): Promise<unknown>;
  /** Calls back with every line of news until it is stopped; comes back by itself when the line was cut. */
  listen(onLine: (line: string) => void): () => void;
}

const RECONNECT_AFTER = 250;

/** Talks to the proxy behind the socket; connects anew for each order, so there is nothing to keep alive. */
export function controlClient(socketPath: string): ControlClient {
  return {
    reading: async (signal) => answers.reading.parse(await call(socketPath, 'reading', {}, signal)),
    order: (name, body, signal) => call(socketPath, name, body, signal),
    listen(onLine) {
      let isStopped = false;
      let open: ClientRequest | null = null;
      const connect = () => {
        if (isStopped) return;
        open = stream(socketPath, onLine, () => setTimeout(connect, RECONNECT_AFTER).unref());
      };
      connect();
      return () => {
        isStopped = true;
        open?.destroy();
      };
    },
  };
}

function call(socketPath: string, name: string, body: unknown, signal?: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        socketPath,
        path: `/${name}`,
        method: 'POST',
        agent: false,
        ...(signal === undefined ? {} : { signal }),
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.once('error', reject);
        answer.once('end', () => {
          try {
            resolve(understand(answer.statusCode ?? 0, Buffer.concat(chunks).toString('utf8')));
          } catch (error) {
            reject(error);
          }
        });
      },
    );
    asked.once('error', (error) => {
      reject(
        new TargetError('unreachable', `the proxy does not answer on ${socketPath}: ${error.message}`, {
          cause: error,
        }),
      );
    });
    asked.end(JSON.stringify(body));
  });
}

function understand(status: number, text: string): unknown {
  const body: unknown = JSON.parse(text);
  if (status === 200) return body;
  const refused = answers.refused.safeParse(body);
  if (refused.success) throw new TargetError(refused.data.code, refused.data.message);
  throw new TargetError('refused', `the proxy answered ${status}: ${text.slice(0, 200)}`);
}

function stream(socketPath: string, onLine: (line: string) => void, onEnd: () => void): ClientRequest {
  const asked = request({ socketPath, path: '/news', agent: false }, (answer) => {
    let rest = '';
    answer.setEncoding('utf8');
    answer.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(line);
    });
    answer.once('error', () => {});
  });
  asked.once('error', () => {});
  asked.once('close', onEnd);
  asked.end();
  return asked;
}
