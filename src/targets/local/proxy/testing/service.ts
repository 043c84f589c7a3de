import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { CommandArtifact, Release } from '../../../../core/release.ts';
import type { RunSettings } from '../../settings.ts';

/** A directory that is cleared away after the test. */
export function directory(test: TestContext): string {
  const made = mkdtempSync(path.join(os.tmpdir(), 'canary-proxy-'));
  test.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** A release that is a program in Node's language; without one, a service that answers everything with 200. */
export function service(
  name: string = '1.0.0',
  program: string = `require('http').createServer((_, answer) => answer.end()).listen(process.env.PORT, '127.0.0.1')`,
): Release & { readonly artifact: CommandArtifact } {
  const command = [process.execPath, '-e', program] as const;
  return {
    name,
    digest: `sha256:${Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64)}`,
    artifact: { kind: 'command', command, env: {}, cwd: os.tmpdir() },
  };
}

/** One process, looked at often. */
export const RUN: RunSettings = {
  processes: 1,
  place: { in: 'process' },
  health: { path: '/', interval: 50, timeout: 1_000, failures: 1 },
  drain: 200,
  stop: 1_000,
};

const PATIENCE = 10_000;
const LOOK_EVERY = 10;

/** Does `work` again and again until `claim` holds. */
export async function workUntil(work: (now: number) => void, claim: () => boolean): Promise<void> {
  for (let now = 0; !claim(); now += LOOK_EVERY) {
    if (now > PATIENCE) throw new Error(`waited in vain for ${String(claim)}`);
    work(now);
    await wait(LOOK_EVERY);
  }
}
