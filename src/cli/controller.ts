import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { composeEngine } from '../compose.ts';
import type { Registries } from '../config/registries-schema.ts';
import { runHost } from '../engine/host.ts';
import { takeExclusiveLock } from '../locks/exclusive-lock.ts';
import { registryCredentials } from './registry-credentials.ts';
import type { Store } from '../stores/store.ts';

/** What is controlled, and how registries are used for that. */
export interface Controlled {
  readonly store: Store;
  readonly stateDirectory: string;
  readonly registries: Registries;
}

/** The loop, turning in this process. */
export interface Controller extends AsyncDisposable {
  stop(): Promise<void>;
}

function lockFile(stateDirectory: string): string {
  return path.join(stateDirectory, 'controller.lock');
}

function pidFile(stateDirectory: string): string {
  return path.join(stateDirectory, 'controller.pid');
}

/** What a person can do about a controller that is there and does nothing. */
export function sayUnresponsive(stateDirectory: string): string {
  const file = pidFile(stateDirectory);
  const pid = existsSync(file) ? readFileSync(file, 'utf8') : 'unknown';
  return `the controller (process ${pid}) runs, but does not respond: let it go on (kill -CONT ${pid}), or end it (kill -9 ${pid}) and run the command again`;
}

/**
 * Becomes the controller of everything in the state directory, or returns null when another process is it already. There
 * is never more than one.
 */
export function takeControl(
  { stateDirectory, store, registries }: Controlled,
  onTrouble: (text: string) => void,
): Controller | null {
  const lock = takeExclusiveLock(lockFile(stateDirectory));
  if (lock === null) return null;
  writeFileSync(pidFile(stateDirectory), String(process.pid));
  const ending = new AbortController();
  const told = new Set<string>();
  const host = runHost(
    composeEngine({ store, stateDirectory, registries, credentialsFor: registryCredentials() }),
    {
      onTrouble(rollout, error) {
        const text = `${rollout}: ${error instanceof Error ? error.message : String(error)}`;
        if (!told.has(text)) onTrouble(text);
        told.add(text);
      },
    },
    ending.signal,
  );
  const stop = async () => {
    ending.abort();
    await host;
    lock.release();
  };
  return { stop, [Symbol.asyncDispose]: stop };
}

/** Whether some process is the controller right now. */
export function hasController(stateDirectory: string): boolean {
  const lock = takeExclusiveLock(lockFile(stateDirectory));
  lock?.release();
  return lock === null;
}
