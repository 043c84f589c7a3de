import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../../src/clock/system-clock.ts';
import { decide } from '../../src/core/decide.ts';
import { runHost } from '../../src/engine/host.ts';
import type { Sites } from '../../src/engine/site.ts';
import type { MetricSource } from '../../src/metrics/metric-source.ts';
import { openStore } from '../../src/compose.ts';
import { ANALYSIS, CANDIDATE, plan, sample, STABLE } from '../../test/builders.ts';
import { simulatedTarget, WELL } from '../../test/simulation/simulated-target.ts';
import type { VirtualClock } from '../../test/simulation/virtual-clock.ts';
import { quantile, report } from '../report.ts';

/**
 * The embedded host with many rollouts under way at the same time, each on a simulated target of its own, each turned every
 * ten seconds: how many turns a second come of it, how late they are, and what they cost.
 */
const { values } = parseArgs({
  options: {
    counts: { type: 'string', default: '10,1000,10000' },
    seconds: { type: 'string', default: '30' },
    judge: { type: 'string', default: 'analysis' },
  },
});

const TURN_EVERY = 10_000;
const SECONDS = Number(values.seconds);

/** By the analysis, as by default, or by a plain limit. */
const JUDGE = values.judge === 'thresholds' ? {} : { analysis: ANALYSIS, checks: [] };

const COUNTS = { stable: sample(900), candidate: sample(100) };
/** Metrics that cost nothing to make: what is measured is the engine and the store. */
const STILL: MetricSource = { sample: async (_arms, window) => ({ window, ...COUNTS }) };

interface Row {
  readonly rollouts: number;
  readonly turnsPerSecond: number;
  readonly latenessP50: number;
  readonly latenessP99: number;
  readonly cores: number;
  readonly microsecondsPerTurn: number;
  readonly rssMegabytes: number;
}

const rows: Row[] = [];
for (const count of values.counts.split(',').map(Number)) {
  const row = await measure(count);
  rows.push(row);
  console.log(row);
}
report('turns', {
  judge: values.judge,
  turnEverySeconds: TURN_EVERY / 1_000,
  measuredSeconds: SECONDS,
  rows,
});

async function measure(count: number): Promise<Row> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-bench-'));
  const store = openStore(directory);
  const clock = wallClock();
  const sites = new Map<string, Sites>();
  const slow = plan({
    steps: [{ weight: 10, hold: 3_600_000 }],
    turnEvery: TURN_EVERY,
    guardAfter: 60_000,
    ...JUDGE,
  });

  for (let index = 0; index < count; index += 1) {
    const service = `service-${index}`;
    const request = { service, environment: 'prod', plan: slow, candidate: CANDIDATE, requestedBy: 'bench' };
    const rollout = await store.begin(request, clock.now() + Math.floor((index / count) * TURN_EVERY), {
      supersede: false,
    });
    const target = simulatedTarget({
      name: 'web',
      clock,
      seed: index,
      requestsPerSecond: 10,
      isFenced: true,
      metricsDelay: 0,
      behaviour: () => ({ ...WELL, healthyAfter: 0 }),
    });
    target.install(STABLE);
    sites.set(rollout.id, { web: { ...target.site, metrics: STILL } });
  }

  const lateness: number[] = [];
  const due = new Map<string, number>();
  let isMeasuring = false;
  let turns = 0;
  const ending = new AbortController();
  const engine = {
    store,
    clock,
    decide,
    lease: 15_000,
    notary: null,
    gatesFor: () => [],
    findSites: async ({ id }: { id: string }) => sites.get(id) ?? {},
  };
  const host = runHost(
    engine,
    {
      onDecision({ rollout, wakeAt }) {
        if (isMeasuring) {
          turns += 1;
          const expected = due.get(rollout.id);
          if (expected !== undefined) lateness.push(clock.now() - expected);
        }
        if (wakeAt !== null) due.set(rollout.id, wakeAt);
      },
      onTrouble: (id, error) => console.error(id, error),
    },
    ending.signal,
  );
  // Until every rollout holds its step: gates, preparing, arming and splitting are some turns each.
  await clock.wait(5 * TURN_EVERY);
  isMeasuring = true;
  const cpu = process.cpuUsage();
  const elapsed = clock.stopwatch();
  await clock.wait(SECONDS * 1_000);
  const seconds = elapsed() / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  isMeasuring = false;
  ending.abort();
  await host;
  await store.close();
  rmSync(directory, { recursive: true });
  const microseconds = user + system;
  return {
    rollouts: count,
    turnsPerSecond: Math.round(turns / seconds),
    latenessP50: quantile(lateness, 0.5),
    latenessP99: quantile(lateness, 0.99),
    cores: Math.round((microseconds / 1e6 / seconds) * 1_000) / 1_000,
    microsecondsPerTurn: Math.round(microseconds / Math.max(1, turns)),
    rssMegabytes: Math.round(process.memoryUsage.rss() / 1e6),
  };
}

/** Real time, for targets that know only virtual time. */
function wallClock(): VirtualClock {
  const clock = systemClock();
  return {
    ...clock,
    at: (instant, happen) => void setTimeout(happen, Math.max(0, instant - clock.now())).unref(),
    run: (instant) => clock.wait(instant - clock.now()),
  };
}
