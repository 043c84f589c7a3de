import { parseArgs } from 'node:util';
import { systemClock } from '../../src/clock/system-clock.ts';
import { openProject, type PlanInput, type Project } from '../project.ts';
import { quantile, report } from '../report.ts';

/**
 * A bad release under live traffic, with real processes behind the real proxy: how many user requests fail until all
 * traffic is back, and how long it takes from the first bad answer to the last. Rate 0 counts healthy releases that are
 * blamed.
 */
const { values } = parseArgs({
  options: {
    rates: { type: 'string', default: '1,0.2,0.05,0.01' },
    runs: { type: 'string', default: '15' },
    judge: { type: 'string', default: 'analysis' },
    rps: { type: 'string', default: '100' },
    /** Seconds after which a bad release that was not found is taken back by hand. */
    patience: { type: 'string', default: '300' },
  },
});

const RUNS = Number(values.runs);
const RPS = Number(values.rps);
const PATIENCE = Number(values.patience) * 1_000;
const WEIGHT = 10;

/** How the candidate is judged: by the analysis, as by default, or by a plain limit, tight or loose. */
const JUDGES: Readonly<Record<string, Pick<PlanInput, 'analysis' | 'checks'>>> = {
  analysis: {},
  tight: limit({ max: '0.5%', minRequests: 5, window: '5m' }),
  loose: limit({ max: '5%', minRequests: 20, window: '30s' }),
};

const judge = JUDGES[values.judge];
if (judge === undefined) throw new Error(`--judge takes one of: ${Object.keys(JUDGES).join(', ')}`);
const clock = systemClock();
const rows: object[] = [];
for (const rate of values.rates.split(',').map(Number)) {
  const row = rate === 0 ? await healthy() : await failing(rate);
  rows.push(row);
  console.log(row);
}
const name = values.rates === '0' ? 'rollback-healthy' : `rollback-${values.judge}`;
report(name, {
  judge: values.judge,
  requestsPerSecond: RPS,
  weight: WEIGHT,
  runs: RUNS,
  patienceSeconds: Number(values.patience),
  rows,
});

async function failing(rate: number) {
  const steps = [{ weight: WEIGHT, hold: '10m' }];
  await using project = await openProject({ plan: { ...judge, steps, guard: '10s' } });
  const load = project.load(RPS);
  const failed: number[] = [];
  const badFor: number[] = [];
  const verdicts: Record<string, number> = {};
  let lost = 0;
  for (let run = 1; run <= RUNS; run += 1) {
    await clock.wait(2_000);
    load.reset();
    const verdict = await untilFound(
      project,
      project.deploy(`bad-${run}`, { FAULT_ERROR_RATE: String(rate) }),
    );
    await clock.wait(500);
    const served = load.served();
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    failed.push(served.failed);
    badFor.push(Math.round(served.badFor ?? 0) / 1_000);
    lost += served.lost;
  }
  return { rate, verdicts, failed: spread(failed), seconds: spread(badFor), lost };
}

/** How the rollout ended; `not found` when it had to be ended by hand. */
async function untilFound({ start }: Project, deploy: Promise<string>): Promise<string> {
  const found = new AbortController();
  void deploy.finally(() => found.abort());
  await clock.wait(PATIENCE, found.signal);
  if (found.signal.aborted) return deploy;
  await start('rollback').ended;
  await deploy;
  return 'not found';
}

function limit(check: {
  max: string;
  minRequests: number;
  window: string;
}): Pick<PlanInput, 'analysis' | 'checks'> {
  return { analysis: false, checks: [{ kind: 'threshold', name: 'errors', measure: 'errors', ...check }] };
}

/** Median, quartiles and the worst. */
function spread(measured: readonly number[]) {
  const [low, median, high] = [0.25, 0.5, 0.75].map((q) => quantile(measured, q));
  return { low, median, high, most: Math.max(...measured) };
}

async function healthy() {
  const steps = [
    { weight: 10, hold: '3s' },
    { weight: 50, hold: '2s' },
  ];
  await using project = await openProject({
    plan: { ...judge, steps, onInconclusive: 'promote', rollbackWindow: '0s' },
  });
  const load = project.load(RPS);
  const verdicts: Record<string, number> = {};
  for (let run = 1; run <= RUNS; run += 1) {
    const verdict = await project.deploy(`good-${run}`);
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    if (verdict !== 'promoted') console.log(run, verdict);
  }
  const { total, failed, lost } = load.served();
  return { rate: 0, verdicts, requests: { total, failed, lost } };
}
