import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { systemClock } from '../src/clock/system-clock.ts';
import { type Load, startLoad } from '../src/cli/demo/load.ts';
import type { ConfigInput } from '../src/config/config-schema.ts';

type PlanInput = ConfigInput['environments'][number]['plan'];

/** The sample service on the local target, in a directory of its own, with users who keep coming. */
export interface Project extends AsyncDisposable {
  readonly load: Load;
  /** Rolls a release out, with faults of the sample service; resolves to how it ended. */
  deploy(name: string, faults?: Readonly<Record<string, string>>): Promise<string>;
}

const CLI = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const PODINFO = fileURLToPath(new URL('../podinfo/src/main.ts', import.meta.url));

/** Sets the project up, with a stable release and so many requests a second. */
export async function openProject(plan: PlanInput, requestsPerSecond: number): Promise<Project> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-bench-'));
  const port = await freePort();
  const config: ConfigInput = {
    service: 'podinfo',
    run: { command: [process.execPath, PODINFO], env: { VERSION: '{release}', LOG_LEVEL: 'error' } },
    environments: [
      {
        name: 'bench',
        targets: [
          {
            kind: 'local',
            name: 'local',
            listen: port,
            processes: 2,
            health: { path: '/readyz' },
            drain: '1s',
          },
        ],
        ...(plan === undefined ? {} : { plan }),
      },
    ],
  };
  writeFileSync(path.join(directory, 'canary.config.json'), JSON.stringify(config));

  const deploy: Project['deploy'] = async (name, faults = {}) => {
    const variables = Object.entries(faults).flatMap(([key, value]) => ['--set-env', `${key}=${value}`]);
    const options = ['--release', name, '--leave-when-held', '--json', ...variables];
    const { status } = z
      .object({ status: z.string() })
      .parse(JSON.parse(await canary(directory, 'deploy', ...options)));
    return status;
  };
  await deploy('first');
  const load = startLoad(port, requestsPerSecond, systemClock());
  return {
    load,
    deploy,
    async [Symbol.asyncDispose]() {
      await load.stop();
      await canary(directory, 'down');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function canary(directory: string, ...args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, ...args], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.once('error', reject);
    child.once('close', () => resolve(stdout));
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = z.object({ port: z.number() }).parse(server.address());
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}
