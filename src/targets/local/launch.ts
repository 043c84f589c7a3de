import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { takeExclusiveLock } from '../../locks/exclusive-lock.ts';
import { TargetError } from '../target.ts';
import { sayAddress } from './address.ts';
import { controlClient } from './control-client.ts';
import { proxyPaths, type ProxyPaths } from './paths.ts';
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
    const told = await new Promise<z.infer<typeof message>>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => reject(unreachable(`it ended with code ${code}; see ${paths.log}`)));
      child.once('message', (news) => resolve(message.parse(news)));
    });
    if (told.kind === 'failed') throw failure(settings, told.code, told.message);
    if (told.kind === 'already-running' && !(await untilReachable(paths)))
      throw unreachable('the one that ran has just ended');
  } finally {
    child.removeAllListeners();
    if (child.connected) child.disconnect();
    child.unref();
  }
}

function failure({ proxy }: LocalSettings, code: string | null, text: string): TargetError {
  const address = sayAddress(proxy.listen);
  if (code === 'EADDRINUSE') {
    return new TargetError(
      'port-in-use',
      `${address} is taken by another program; stop it, or set another \`listen\` in the configuration`,
    );
  }
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL') {
    return new TargetError(
      'port-in-use',
      `${address} cannot be listened on (${code}); set another \`listen\``,
    );
  }
  return unreachable(text);
}

function unreachable(text: string): TargetError {
  return new TargetError('unreachable', `the proxy could not be started: ${text}`);
}

/** A running proxy puts a socket that was removed back in less than this. */
const ANSWERS_WITHIN_MS = 3_000;
const GONE_WITHIN_MS = 120_000;
const LOOK_EVERY_MS = 50;

/** Waits until a proxy that runs can be talked to; or ends, as one does that does not get its address: then it is false. */
async function untilReachable(paths: ProxyPaths): Promise<boolean> {
  const patience = AbortSignal.timeout(ANSWERS_WITHIN_MS);
  for (;;) {
    try {
      await controlClient(paths.socket).reading(patience);
      return true;
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      if (!isRunning(paths)) return false;
      if (patience.aborted) throw outOfReach(paths, error);
    }
    await wait(LOOK_EVERY_MS);
  }
}

/** Stops the proxy of a local target and all its processes, after their requests have ended. Returns whether one ran. */
export async function stopProxy({ directory }: Pick<LocalSettings, 'directory'>): Promise<boolean> {
  const paths = proxyPaths(directory);
  try {
    await controlClient(paths.socket).order('stop', {});
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    if (!isRunning(paths) || !(await untilReachable(paths))) return false;
    await controlClient(paths.socket).order('stop', {});
  }
  for (let waited = 0; waited < GONE_WITHIN_MS; waited += LOOK_EVERY_MS) {
    if (!isRunning(paths)) return true;
    await wait(LOOK_EVERY_MS);
  }
  throw new TargetError(
    'unreachable',
    `the proxy did not stop within ${GONE_WITHIN_MS / 1000} s; see ${paths.log}`,
  );
}

/** Whether a proxy holds the lock, whatever becomes of its socket. */
function isRunning({ lock }: ProxyPaths): boolean {
  if (!existsSync(lock)) return false;
  const taken = takeExclusiveLock(lock);
  taken?.release();
  return taken === null;
}

function isUnreachable(error: unknown): boolean {
  return error instanceof TargetError && error.code === 'unreachable';
}

function outOfReach({ lock, socket, log }: ProxyPaths, cause: unknown): TargetError {
  return new TargetError(
    'unreachable',
    `the proxy runs, but does not answer on ${socket}; see ${log}. If it does not come back, end the process that ` +
      `\`lsof ${lock}\` names`,
    { cause },
  );
}
