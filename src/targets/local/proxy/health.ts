import { connect } from 'node:net';
import { request } from 'node:http';
import type { RunSettings } from '../settings.ts';

/**
 * Asks a process on this machine whether it can take traffic; null when it could not be asked, for want of descriptors,
 * which says nothing about it. Never rejects.
 */
export async function isHealthy(
  port: number,
  { path, timeout }: RunSettings['health'],
): Promise<boolean | null> {
  try {
    if (path === null) return await acceptsConnection(port, timeout);
    const status = await statusOf(port, path, timeout);
    return status >= 200 && status < 400;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    return code === 'EMFILE' || code === 'ENFILE' ? null : false;
  }
}

function acceptsConnection(port: number, timeout: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, timeout });
    const answer = (isUp: boolean) => {
      socket.destroy();
      resolve(isUp);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', reject);
    socket.once('timeout', () => answer(false));
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
