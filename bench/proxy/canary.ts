import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { controlClient } from '../../src/targets/local/control-client.ts';
import { proxyPaths } from '../../src/targets/local/paths.ts';
import { openProject, TARGET_DIRECTORY } from '../project.ts';
import { type Contender, type Upstreams, WEIGHT } from './contender.ts';
import { pin, pinned } from './programs.ts';

const UPSTREAM = path.join(import.meta.dirname, 'upstream.ts');

/** A contender that brings the upstreams with it. */
export interface CanaryContender extends Contender {
  readonly upstreams: Upstreams;
  /** Rejects when the rollout did not last as long as the measurement. */
  check(): Promise<void>;
}

/** Our proxy as users get it in the middle of a rollout: it splits, counts, and is asked for its counts all the time. */
export async function startCanary(): Promise<CanaryContender> {
  const project = await openProject({
    plan: { steps: [{ weight: WEIGHT, hold: '24h' }] },
    command: pinned('other', [process.execPath, UPSTREAM]),
    processes: 1,
  });
  const client = controlClient(proxyPaths(path.join(project.directory, TARGET_DIRECTORY)).socket);
  project.start('deploy', '--release', 'second', '--json');
  let reading = await client.reading();
  for (; reading.traffic.weight !== WEIGHT; reading = await client.reading()) await wait(100);
  const { pid, traffic, running } = reading;
  const portOf = (digest: string | undefined) =>
    running.find((release) => release.digest === digest)?.ports[0] ?? 0;
  pin(pid);
  return {
    name: 'canary',
    about: 'in the middle of a rollout, with its controller at work',
    port: project.port,
    pids: [pid],
    upstreams: { stable: portOf(traffic.stable?.digest), candidate: portOf(traffic.candidate?.digest) },
    async stop() {
      await project[Symbol.asyncDispose]();
    },
    async check() {
      const { weight } = (await client.reading()).traffic;
      if (weight !== WEIGHT) throw new Error('the rollout did not last as long as the measurement');
    },
  };
}
