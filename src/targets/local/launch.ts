import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { takeExclusiveLock } from '../../locks/exclusive-lock.ts';
import { TargetError } from '../target.ts';
import { controlClient } from './control-client.ts';
import { proxyPaths } from './paths.ts';
import type { LocalSettings } from './settings.ts';

const message = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('running') }),
  z.object({ kind: z.literal('already-running') }),
  z.object({ kind: z.literal('failed'), code: z.string().nullable(), message: z.string() }),
]);

/** The file beside this one, which is TypeScript in the repository and JavaScript in the package. */
const MAIN = fileURLToPath(
  import.meta.resolve(`./proxy/main.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`),
);

/**
 * Starts the proxy of a local target as a process of its own that outlives this one, and waits until it takes traffic.
 * Does nothing when it is running already. Rejects with `port-in-use` or `unreachable`.
 */
export async function launchProxy(settings: LocalSettings): Promise<void> {
  const paths = proxyPaths(settings.directory);
  mkdirSync(settings.directory, { recursive: true, mode: 0o700 });
  const log = openSync(paths.log, 'a', 0o600);
  const child = spawn(process.execPath, [MAIN, JSON.stringify(settings)], {
    stdio: ['ignore', log, log, 'ipc'],
    detached: true,
  });
  closeSync(log);
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => reject(unreachable(`it ended with code ${code}; see ${paths.log}`)));
      child.once('message', (news) => {
        const told = message.parse(news);
        if (told.kind === 'failed') reject(failure(settings, told.code, told.message));
        else resolve();
      });
    });
  } finally {
    child.removeAllListeners();
    if (child.connected) child.disconnect();
    child.unref();
  }
}

function failure({ proxy }: LocalSettings, code: string | null, text: string): TargetError {
  const { host, port } = proxy.listen;
  if (code === 'EADDRINUSE') {
    return new TargetError(
      'port-in-use',
      `${host}:${port} is taken by another program; stop it, or set another \`listen\` in the configuration`,
    );
  }
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL') {
    return new TargetError(
      'port-in-use',
      `${host}:${port} cannot be listened on (${code}); set another \`listen\``,
    );
  }
  return unreachable(text);
}

function unreachable(text: string): TargetError {
  return new TargetError('unreachable', `the proxy could not be started: ${text}`);
}

const GONE_WITHIN_MS = 120_000;
const LOOK_EVERY_MS = 50;

/** Stops the proxy of a local target and all its processes, after their requests have ended. Returns whether one ran. */
export async function stopProxy({ directory }: LocalSettings): Promise<boolean> {
  const paths = proxyPaths(directory);
  try {
    await controlClient(paths.socket).order('stop', {});
  } catch (error) {
    if (error instanceof TargetError && error.code === 'unreachable') return false;
    throw error;
  }
  for (let waited = 0; waited < GONE_WITHIN_MS; waited += LOOK_EVERY_MS) {
    const lock = takeExclusiveLock(paths.lock);
    lock?.release();
    if (lock !== null) return true;
    await wait(LOOK_EVERY_MS);
  }
  throw new TargetError(
    'unreachable',
    `the proxy did not stop within ${GONE_WITHIN_MS / 1000} s; see ${paths.log}`,
  );
}
