import { parseArgs } from 'node:util';
import { z } from 'zod';
import { systemClock } from '../../src/clock/system-clock.ts';
import { seededRandom } from '../../src/core/random.ts';
import { openProject, type Project } from '../project.ts';
import { report } from '../report.ts';
import { explanation, isExplained } from './explanation.ts';

/**
 * Good releases under live traffic, whose controller is killed (SIGKILL) at moments drawn by chance and started again at
 * once: how many user requests fail or get lost, how every rollout ends, and whether its journal is whole and tells why.
 */
const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    rps: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
  },
});

const KILLS = Number(values.kills);
const RPS = Number(values.rps);
/** A controller lives for this long, in milliseconds: from not even having begun to beyond a whole step. */
const LIVES = { shortest: 50, longest: 4_000 };
const GUARD_SECONDS = 2;
const STEPS = [
  { weight: 10, hold: '2s' },
  { weight: 50, hold: '2s' },
];

const clock = systemClock();
const random = seededRandom(Number(values.seed));

const plan = {
  steps: STEPS,
  guard: `${GUARD_SECONDS}s`,
  onInconclusive: 'promote' as const,
  rollbackWindow: '0s',
};
await using project = await openProject({ plan });
const load = project.load(RPS);
await clock.wait(2_000);
load.reset();

const elapsed = clock.stopwatch();
let kills = 0;
for (let release = 1; kills < KILLS; release += 1) {
  kills += await bringThrough(`good-${release}`, KILLS - kills);
  console.log(`${kills} of ${KILLS} killed, ${release} releases`);
}
const seconds = Math.round(elapsed() / 1_000);
await clock.wait(500);
const { total, failed, lost } = load.served();
const rollouts = await audit(project);
const results = { kills, seconds, requests: { total, failed, lost }, ...rollouts };
console.log(results);
report('kills', {
  seed: Number(values.seed),
  requestsPerSecond: RPS,
  livesMilliseconds: LIVES,
  guardSeconds: GUARD_SECONDS,
  steps: STEPS,
  ...results,
});

/** Deploys a release until it is through, and kills the controller up to `most` times; returns how many times it did. */
async function bringThrough(release: string, most: number): Promise<number> {
  for (let killed = 0; ; killed += 1) {
    const deploy = project.start('deploy', '--release', release, '--json');
    if (killed === most) {
      await deploy.ended;
      return killed;
    }
    const isKilled = await Promise.race([
      deploy.ended.then(() => false),
      clock.wait(LIVES.shortest + random.below(LIVES.longest - LIVES.shortest)).then(() => true),
    ]);
    if (!isKilled) return killed;
    deploy.kill('SIGKILL');
    await deploy.ended;
  }
}

/** Reads every rollout back as `canary explain` tells it. */
async function audit({ start }: Project) {
  const history = z.array(z.object({ rollout: z.string() }));
  const list = history.parse(JSON.parse(await start('history', '--json', '--limit', '1000').ended));
  const verdicts: Record<string, number> = {};
  const unexplained: string[] = [];
  let takenHome = 0;
  for (const { rollout } of list) {
    const told = explanation.parse(JSON.parse(await start('explain', rollout, '--json').ended));
    const verdict = told.verdict ?? told.status;
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    if (!isExplained(told)) unexplained.push(rollout);
    takenHome += told.journal.filter(
      ({ entry }) => entry.kind === 'noted' && entry.reason?.code === 'guard-fired',
    ).length;
  }
  return { rollouts: list.length, verdicts, unexplained, takenHomeByTheGuard: takenHome };
}
