import { connect } from 'node:net';
import { request } from 'node:http';
import type { RunSettings } from '../settings.ts';

/** What a check of a process found. `unknown`: it could not be asked, for want of descriptors, which says nothing about it. */
export type Health =
  | { readonly kind: 'well' }
  | { readonly kind: 'unwell'; readonly trouble: string }
  | { readonly kind: 'unknown' };

/** Asks a process on this machine whether it can take traffic. Never rejects. */
export async function checkHealth(port: number, { path, timeout }: RunSettings['health']): Promise<Health> {
  try {
    if (path === null) {
      await connected(port, timeout);
      return { kind: 'well' };
    }
    const status = await statusOf(port, path, timeout);
    if (status >= 200 && status < 400) return { kind: 'well' };
    return { kind: 'unwell', trouble: `answers ${status} on ${path}` };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'EMFILE' || code === 'ENFILE') return { kind: 'unknown' };
    return { kind: 'unwell', trouble: sayTrouble(code, port, path) };
  }
}

function sayTrouble(code: unknown, port: number, path: string | null): string {
  if (code === 'ECONNREFUSED') return `nothing listens on port ${port}, which PORT told it`;
  return path === null ? 'does not accept connections' : `does not answer well on ${path}`;
}

function connected(port: number, timeout: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, timeout });
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => socket.destroy(new Error('timeout')));
    socket.once('error', reject);
  });
}

function statusOf(port: number, path: string, timeout: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, path, agent: false, signal: AbortSignal.timeout(timeout) },
      (answer) => {
        // The answer is cut off when the body takes too long, and that changes nothing any more.
        answer.once('error', () => {});
        answer.resume();
        resolve(answer.statusCode ?? 0);
      },
    );
    asked.once('error', reject);
    asked.end();
  });
}
