import { connect } from 'node:net';
import { request } from 'node:http';
import type { RunSettings } from '../settings.ts';

/** Asks a process on this machine whether it can take traffic. Never rejects. */
export function isHealthy(port: number, { path, timeout }: RunSettings['health']): Promise<boolean> {
  return path === null ? acceptsConnection(port, timeout) : answersWell(port, path, timeout);
}

function acceptsConnection(port: number, timeout: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout });
    const answer = (isUp: boolean) => {
      socket.destroy();
      resolve(isUp);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
    socket.once('timeout', () => answer(false));
  });
}

async function answersWell(port: number, path: string, timeout: number): Promise<boolean> {
  try {
    const status = await statusOf(port, path, timeout);
    return status >= 200 && status < 400;
  } catch {
    return false;
  }
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
