import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Clock } from '../../clock/clock.ts';
import { listenToLocalTarget, openStore, stopLocalTargets, type LocalNews } from '../../compose.ts';
import type { ConfigInput } from '../../config/config-schema.ts';
import { checkConfig } from '../../config/load.ts';
import { resolvePlan, stateDirectory } from '../../config/resolve.ts';
import type { Rollout } from '../../core/rollout.ts';
import type { Store } from '../../stores/store.ts';
import { type Costume, dress, layOut } from './wardrobe.ts';

/** A project of its own in a temporary directory, with the sample service on the local target. */
export interface Stage {
  readonly port: number;
  readonly directory: string;
  readonly store: Store;
  /** How many images were built for it. */
  readonly images: number;
  /** Starts `canary deploy` as a process of its own. */
  deploy(release: string): Deployment;
  /** Calls back with what the proxy counts, every tenth of a second. */
  listen(onNews: (news: LocalNews) => void): Promise<() => void>;
  latest(): Promise<Rollout | null>;
  /** Stops everything and removes the directory. */
  clear(): Promise<void>;
}

/** A controller at work in another process. */
export interface Deployment {
  /** As if it were pulled out of the wall. */
  kill(): void;
  /** Resolves when it has ended, with its exit code; null if it was killed. */
  readonly ended: Promise<number | null>;
}

/** What the releases of the demo are like. */
const RELEASES = {
  '1.0.0': {},
  '1.1.0': {},
  '1.2.0': { faults: { FAULT_ERROR_RATE: '0.4' } },
  '1.3.0': { faults: { FAULT_LATENCY_MS: '400' } },
  '1.4.0': {},
  '1.5.0': { isSigned: false },
  '1.6.0': { isVulnerable: true },
} as const satisfies Readonly<Record<string, Partial<Costume>>>;

const USUAL = { faults: {}, isSigned: true, isVulnerable: false };

export type ReleaseName = keyof typeof RELEASES;

const CLI = fileURLToPath(
  new URL(`../main.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
);

export async function setStage(clock: Clock): Promise<Stage> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-demo-'));
  const port = await freePort();
  const file = path.join(directory, 'canary.config.json');
  writeFileSync(file, JSON.stringify(configOf(port), null, 2));
  layOut(directory, clock);
  const images = new Map<string, string>();
  for (const [name, costume] of Object.entries<Partial<Costume>>(RELEASES)) {
    images.set(name, await dress(directory, { name, ...USUAL, ...costume }));
  }
  const loaded = { config: checkConfig(configOf(port), file), file };
  const [environment] = loaded.config.environments;
  if (environment === undefined) throw new Error('the configuration of the demo has no environment');
  const { targets } = resolvePlan(loaded, environment, 'deliver');
  const [target] = targets;
  if (target === undefined) throw new Error('the demo has no target');
  const store = openStore(stateDirectory(loaded));

  return {
    port,
    directory,
    store,
    images: images.size,
    deploy: (release) => startDeploy(directory, images.get(release) ?? release),
    listen: (onNews) => listenToLocalTarget(target, onNews),
    latest: async () => (await store.list({ limit: 1 }))[0] ?? null,
    async clear() {
      await stopLocalTargets(targets);
      await store.close();
      await clock.wait(0);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function configOf(port: number): ConfigInput {
  return {
    service: 'podinfo',
    supplyChain: {},
    environments: [
      {
        name: 'demo',
        env: { VERSION: '{release}', LOG_LEVEL: 'warn' },
        targets: [
          {
            kind: 'local',
            name: 'local',
            listen: port,
            processes: 2,
            health: { path: '/readyz' },
            drain: '2s',
            stop: '3s',
          },
        ],
        plan: {
          steps: [
            { weight: 10, hold: '5s' },
            { weight: 50, hold: '5s' },
          ],
          smoke: [{ path: '/version', contains: 'version' }],
          guard: '3s',
        },
      },
    ],
  };
}

function startDeploy(directory: string, image: string): Deployment {
  const child: ChildProcess = spawn(process.execPath, [CLI, 'deploy', '--image', image, '--json'], {
    cwd: directory,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code));
  });
  return { ended, kill: () => void child.kill('SIGKILL') };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return z.object({ port: z.number() }).parse(address).port;
}
