import { parseArgs } from 'node:util';
import { quantile, report } from '../report.ts';
import { startCanary } from './canary.ts';
import type { Contender, Upstreams } from './contender.ts';
import { startHttpProxy3 } from './http-proxy-3.ts';
import { latency, throughput, type Throughput } from './measure.ts';
import { startNginx } from './nginx.ts';
import { isInstalled } from './programs.ts';

/**
 * The proxy of the local target beside nginx and http-proxy-3, in turns, before the same upstreams: requests for each
 * second of processor time, and what they add to the latency. For Linux, with wrk.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '4' },
    rate: { type: 'string', default: '1000' },
    /** Whether nginx and wrk may be installed with apt-get. */
    install: { type: 'boolean', default: false },
  },
});

const ROUNDS = Number(values.rounds);
const SECONDS = Number(values.seconds);
const RATE = Number(values.rate);

if (!isInstalled('wrk', values.install)) throw new Error('wrk is needed: apt-get install wrk, or --install');
await using cleanup = new AsyncDisposableStack();
const canary = await startCanary();
cleanup.defer(() => canary.stop());
const skipped: Record<string, string> = {};
const contenders: readonly Contender[] = [canary, ...(await peers(canary.upstreams))];
const direct = { port: canary.upstreams.stable };

interface Round {
  readonly throughput: Throughput;
  readonly p50: number;
  readonly p99: number;
}

const rounds = contenders.map((): Round[] => []);
const directly: { p50: number; p99: number }[] = [];
for (const { port, pids } of contenders) await throughput(port, pids, 2);
for (let round = 1; round <= ROUNDS; round += 1) {
  directly.push(await latency(direct.port, RATE, SECONDS));
  for (const [index, { name, port, pids }] of contenders.entries()) {
    const measured = {
      throughput: await throughput(port, pids, SECONDS),
      ...(await latency(port, RATE, SECONDS)),
    };
    rounds[index]?.push(measured);
    console.log(round, name, measured);
  }
}
await canary.check();

const capacity = await throughput(direct.port, [], SECONDS);
const rows = contenders.map(({ name, about }, index) => rowOf(name, about, rounds[index] ?? []));
console.table(
  rows,
  Object.keys(rows[0] ?? {}).filter((column) => column !== 'about'),
);
console.log(skipped);
report('proxy', {
  rounds: ROUNDS,
  secondsEach: SECONDS,
  latencyRate: RATE,
  withoutProxy: {
    requestsPerSecond: Math.round(capacity.requestsPerSecond),
    p50: median(directly.map(({ p50 }) => p50)),
    p99: median(directly.map(({ p99 }) => p99)),
  },
  rows,
  skipped,
});

/** The other proxies; those that cannot be had are left out, and it is said why. */
async function peers(upstreams: Upstreams): Promise<readonly Contender[]> {
  const started: Contender[] = [];
  if (isInstalled('nginx', values.install)) started.push(await startNginx(upstreams));
  else skipped['nginx'] = 'it is not installed: apt-get install nginx, or --install';
  try {
    started.push(await startHttpProxy3(upstreams));
  } catch (error) {
    skipped['http-proxy-3'] = error instanceof Error ? error.message : String(error);
  }
  for (const peer of started) cleanup.defer(() => peer.stop());
  return started;
}

function rowOf(name: string, about: string, measured: readonly Round[]) {
  const perSecond = measured.map((round) => round.throughput.requestsPerProcessorSecond);
  const [low, middle, high] = [0.25, 0.5, 0.75].map((q) => Math.round(quantile(perSecond, q)));
  return {
    name,
    about,
    requestsPerSecond: Math.round(median(measured.map((round) => round.throughput.requestsPerSecond))),
    processors: rounded(median(measured.map((round) => round.throughput.processors))),
    requestsPerProcessorSecond: middle,
    low,
    high,
    timesNginx: timesNginx(perSecond),
    addedP50: rounded(median(measured.map(({ p50 }, round) => p50 - (directly[round]?.p50 ?? NaN)))),
    addedP99: rounded(median(measured.map(({ p99 }, round) => p99 - (directly[round]?.p99 ?? NaN)))),
  };
}

/** Requests for each second of processor time as a multiple of nginx's in the same round: the median over the rounds. */
function timesNginx(perSecond: readonly number[]): number | null {
  const nginx = rounds[contenders.findIndex(({ name }) => name === 'nginx')];
  if (nginx === undefined) return null;
  return rounded(
    median(
      perSecond.map((value, round) => value / (nginx[round]?.throughput.requestsPerProcessorSecond ?? NaN)),
    ),
  );
}

function median(measured: readonly number[]): number {
  return quantile(measured, 0.5);
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
