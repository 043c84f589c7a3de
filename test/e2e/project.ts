import { spawn } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { systemClock } from '../../src/clock/system-clock.ts';
import { startLoad, type Load } from '../../src/cli/demo/load.ts';
import { openStore, stopLocalTargets } from '../../src/compose.ts';
import type { ConfigInput } from '../../src/config/config-schema.ts';
import { checkConfig } from '../../src/config/load.ts';
import { resolvePlan } from '../../src/config/resolve.ts';
import type { Rollout } from '../../src/core/rollout.ts';
import type { Store } from '../../src/stores/store.ts';

/** How a `canary` process ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A `canary` process that is under way. */
export interface Started {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  kill(signal: NodeJS.Signals): void;
}

/** A project in a temporary directory, with podinfo on the local target. It is cleared away after the test. */
export interface Project {
  readonly directory: string;
  readonly port: number;
  readonly url: string;
  readonly store: Store;
  readonly configFile: string;
  /** Runs `canary` to its end. */
  canary(...args: readonly string[]): Promise<Ended>;
  start(...args: readonly string[]): Started;
  /** The same as another person. */
  as(user: string, ...args: readonly string[]): Promise<Ended>;
  /** The newest rollout. */
  latest(): Promise<Rollout>;
  /** Waits until the newest rollout is so. */
  until(isSo: (rollout: Rollout) => boolean): Promise<Rollout>;
  load(requestsPerSecond?: number): Load;
  configure(change: (config: ConfigInput) => ConfigInput): void;
}

export const ROOT = path.join(import.meta.dirname, '../..');
const CLI = path.join(ROOT, 'src/cli/main.ts');
const PODINFO = path.join(ROOT, 'podinfo/src/main.ts');
const PATIENCE_MS = 30_000;

export const clock = systemClock();

/** Quick steps, and faults that a release gets by its name: `fails-0.5`, `slow-400`, `dies-2`, `sick`. */
function configOf(port: number): ConfigInput {
  return {
    service: 'shop',
    run: { command: [process.execPath, PODINFO], env: { VERSION: '{release}', LOG_LEVEL: 'warn' } },
    releases: {
      'fails-1': { env: { FAULT_ERROR_RATE: '1' } },
      'slow-400': { env: { FAULT_LATENCY_MS: '400' } },
      'dies-2': { env: { FAULT_CRASH_AFTER_SECONDS: '1.7' } },
      sick: { env: { FAULT_NOT_READY: 'true' } },
      missing: { command: ['no-such-program'] },
      broken: {
        command: [process.execPath, '-e', 'console.error("config.json is missing"); process.exit(3)'],
      },
    },
    environments: [
      {
        name: 'dev',
        targets: [
          {
            kind: 'local',
            name: 'web',
            listen: port,
            processes: 2,
            health: { path: '/readyz', interval: '200ms' },
            drain: '2s',
            stop: '2s',
          },
        ],
        plan: {
          steps: [
            { weight: 10, hold: '1s' },
            { weight: 50, hold: '1s' },
          ],
          // The steps are too short to find less.
          analysis: { mustFind: '50%' },
          checks: [
            {
              kind: 'threshold',
              name: 'errors',
              measure: 'errors',
              max: '5%',
              minRequests: 5,
              window: '10s',
            },
            {
              kind: 'threshold',
              name: 'latency',
              measure: 'latency',
              percentile: 90,
              max: '250ms',
              minRequests: 5,
              window: '10s',
            },
          ],
          limits: { prepare: '6s', held: '5s' },
          guard: '2s',
        },
      },
    ],
  };
}

export async function project(t: TestContext): Promise<Project> {
  const directory = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'canary-e2e-')));
  const port = await freePort();
  const configFile = path.join(directory, 'canary.config.json');
  let config = configOf(port);
  const write = () => writeFileSync(configFile, JSON.stringify(config));
  write();
  const store = openStore(path.join(directory, '.canary'));
  const children = new Set<Started>();

  t.after(async () => {
    for (const child of children) child.kill('SIGKILL');
    await stopEverything(config, configFile);
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  });

  function begin(args: readonly string[], user?: string): Started {
    const started = startCanary(directory, args, user);
    children.add(started);
    void started.ended.finally(() => children.delete(started));
    return started;
  }

  const self: Project = {
    directory,
    port,
    url: `http://127.0.0.1:${port}`,
    store,
    configFile,
    canary: (...args) => self.start(...args).ended,
    start: (...args) => begin(args),
    as: (user, ...args) => begin(args, user).ended,
    async latest() {
      const [rollout] = await store.list({ limit: 1 });
      if (rollout === undefined) throw new Error('there is no rollout yet');
      return rollout;
    },
    until: async (isSo) => {
      await eventually(async () => {
        const [rollout] = await store.list({ limit: 1 });
        return rollout !== undefined && isSo(rollout);
      });
      return self.latest();
    },
    load: (requestsPerSecond = 100) => {
      const load = startLoad(port, requestsPerSecond, clock);
      t.after(() => load.stop());
      return load;
    },
    configure(change) {
      config = change(config);
      write();
    },
  };
  return self;
}

async function stopEverything(written: ConfigInput, file: string): Promise<void> {
  const loaded = { config: checkConfig(written, file), file };
  for (const environment of loaded.config.environments) {
    await stopLocalTargets(resolvePlan(loaded, environment, 'deliver').targets);
  }
}

function startCanary(directory: string, args: readonly string[], user = 'ann'): Started {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: directory,
    env: { ...process.env, GITHUB_ACTOR: user },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output.stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output.stderr += chunk));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...output }));
  });
  return { pid: child.pid ?? 0, ended, kill: (signal) => void child.kill(signal) };
}

/** Waits for a state. Rejects when it does not come to be. */
export async function eventually(isSo: () => Promise<boolean> | boolean): Promise<void> {
  const elapsed = clock.stopwatch();
  while (!(await isSo())) {
    if (elapsed() > PATIENCE_MS) throw new Error('it did not come to be in time');
    await clock.wait(20);
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}

/** What the service says its version is. */
export async function versionOf(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<string | null> {
  const answer = await fetch(`${url}/version`, { headers });
  await answer.body?.cancel();
  return answer.headers.get('x-release');
}
