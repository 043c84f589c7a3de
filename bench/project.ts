import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { systemClock } from '../src/clock/system-clock.ts';
import { type Load, startLoad } from '../src/cli/demo/load.ts';
import { stopLocalTargets } from '../src/compose.ts';
import type { ConfigInput } from '../src/config/config-schema.ts';
import { checkConfig } from '../src/config/load.ts';
import { resolvePlan } from '../src/config/resolve.ts';
import { freePort } from './free-port.ts';

/** The steps and rules of a rollout, as a configuration has them. */
export type PlanInput = NonNullable<ConfigInput['environments'][number]['plan']>;

/** A service on the local target, in a directory of its own. Disposing of it stops and removes everything. */
export interface Project extends AsyncDisposable {
  readonly directory: string;
  readonly port: number;
  /** Rolls a release out, with more variables for its processes; resolves to its status at the end. */
  deploy(name: string, variables?: Readonly<Record<string, string>>): Promise<string>;
  /** Starts a `canary` process. */
  start(...args: readonly string[]): Running;
  /** Users who keep coming. */
  load(requestsPerSecond: number): Load;
}

/** A `canary` process at work. */
export interface Running {
  kill(signal: NodeJS.Signals): void;
  /** Its standard output once it has ended, however it did. */
  readonly ended: Promise<string>;
}

export interface ProjectOptions {
  readonly plan: PlanInput;
  /** What a release is. The sample service unless given. */
  readonly command?: readonly string[];
  /** Processes per release. */
  readonly processes?: number;
}

/** Where the proxy of the one target keeps its things, from the project's directory. */
export const TARGET_DIRECTORY = '.canary/local/bench-bench-local';

const CLI = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const PODINFO = fileURLToPath(new URL('../podinfo/src/main.ts', import.meta.url));

/** Sets the project up, with a stable release called `first`. */
export async function openProject(options: ProjectOptions): Promise<Project> {
  const directory = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'canary-bench-')));
  const port = await freePort();
  const file = path.join(directory, 'canary.config.json');
  const config = configOf(port, options);
  writeFileSync(file, JSON.stringify(config));
  const children = new Set<Running>();
  const loads: Load[] = [];

  function start(...args: readonly string[]): Running {
    const running = startCanary(directory, args);
    children.add(running);
    void running.ended.finally(() => children.delete(running));
    return running;
  }

  const project: Project = {
    directory,
    port,
    start,
    async deploy(name, variables = {}) {
      const settings = Object.entries(variables).flatMap(([key, value]) => ['--set-env', `${key}=${value}`]);
      const answer = await start('deploy', '--release', name, '--leave-when-held', '--json', ...settings)
        .ended;
      return z.object({ status: z.string() }).parse(JSON.parse(answer)).status;
    },
    load(requestsPerSecond) {
      const load = startLoad(port, requestsPerSecond, systemClock());
      loads.push(load);
      return load;
    },
    async [Symbol.asyncDispose]() {
      for (const child of children) child.kill('SIGKILL');
      await Promise.all([...children].map(({ ended }) => ended));
      for (const load of loads) await load.stop();
      await stopTargets(config, file);
      rmSync(directory, { recursive: true, force: true });
    },
  };
  await project.deploy('first');
  return project;
}

function configOf(port: number, { plan, command, processes }: ProjectOptions): ConfigInput {
  return {
    service: 'bench',
    run: {
      command: [...(command ?? [process.execPath, PODINFO])],
      env: { VERSION: '{release}', LOG_LEVEL: 'error' },
    },
    environments: [
      {
        name: 'bench',
        targets: [
          {
            kind: 'local',
            name: 'local',
            listen: port,
            processes: processes ?? 2,
            health: { path: '/readyz' },
            drain: '1s',
          },
        ],
        plan,
      },
    ],
  };
}

/** Also in the middle of a rollout. */
async function stopTargets(written: ConfigInput, file: string): Promise<void> {
  const loaded = { config: checkConfig(written, file), file };
  for (const environment of loaded.config.environments) {
    await stopLocalTargets(resolvePlan(loaded, environment, 'deliver').targets);
  }
}

function startCanary(directory: string, args: readonly string[]): Running {
  const child: ChildProcess = spawn(process.execPath, [CLI, ...args], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
  const ended = new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve(output));
  });
  return { ended, kill: (signal) => void child.kill(signal) };
}
