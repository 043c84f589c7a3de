import { type RecentTraffic, recentTraffic } from '../../compose.ts';
import { parseDuration } from '../../config/duration.ts';
import { ConfigError } from '../../config/problems.ts';
import type { ServiceTraffic } from '../../core/forecast/outset.ts';
import type { PlannedTarget } from '../../core/plan.ts';
import { addSamples, BEYOND_EDGES, latencyQuantile, type Sample } from '../../core/sample.ts';
import type { Milliseconds } from '../../core/time.ts';
import { type CommandInput, textOption } from '../command.ts';
import { Refusal } from '../exit-code.ts';
import { shareOption } from '../share-option.ts';

/** Where a figure comes from. */
export type Source = 'given' | 'measured' | 'assumed' | 'unknown';

/** The traffic to make a forecast for, and where each figure comes from. */
export interface KnownTraffic {
  readonly traffic: ServiceTraffic;
  readonly sources: Readonly<Record<keyof ServiceTraffic, Source>>;
  /** For how long it was measured; null if it was not. */
  readonly measuredOver: Milliseconds | null;
}

/** A usual service, for want of anything better. */
const ASSUMED_ERROR_RATE = 0.001;

/** Beyond this stable is not a service that one would compare with. */
const HIGHEST_ERROR_RATE = 0.5;

/** What the options say about the traffic, and what they do not say as it was measured of late. Refuses to guess how much it is. */
export async function knownTraffic(
  input: CommandInput,
  targets: readonly PlannedTarget[],
): Promise<KnownTraffic> {
  const given = { rps: rpsOption(input), errorRate: errorRateOption(input), p99: p99Option(input) };
  const measured = await measure(targets);
  const requestsPerSecond = given.rps ?? measured.requestsPerSecond;
  if (requestsPerSecond === null) {
    throw new Refusal(
      `How much traffic the service gets is not known: ${measured.gaps.join('; ')}. Say it with --rps, such as \`--rps 100\`.`,
    );
  }
  const { errorRate, p99 } = measured;
  return {
    traffic: {
      requestsPerSecond,
      errorRate: given.errorRate ?? errorRate ?? ASSUMED_ERROR_RATE,
      p99: given.p99 ?? p99,
    },
    sources: {
      requestsPerSecond: given.rps === null ? 'measured' : 'given',
      errorRate: given.errorRate === null ? (errorRate === null ? 'assumed' : 'measured') : 'given',
      p99: given.p99 === null ? (p99 === null ? 'unknown' : 'measured') : 'given',
    },
    measuredOver: measured.over,
  };
}

interface Measured {
  /** Null unless it is known of all targets. */
  readonly requestsPerSecond: number | null;
  readonly errorRate: number | null;
  readonly p99: Milliseconds | null;
  readonly over: Milliseconds | null;
  /** What is not known, target by target. */
  readonly gaps: readonly string[];
}

async function measure(targets: readonly PlannedTarget[]): Promise<Measured> {
  const asked = await Promise.all(
    targets.map(async (target) => ({ name: target.name, recent: await recentTraffic(target) })),
  );
  const known = asked.flatMap(({ recent }) => (recent.kind === 'known' ? [recent] : []));
  const gaps = asked.flatMap(({ name, recent }) =>
    recent.kind === 'known' ? [] : [`${name} ${recent.why}`],
  );
  if (known.length === 0) return { requestsPerSecond: null, errorRate: null, p99: null, over: null, gaps };
  const stable = addSamples(known.map((recent) => recent.stable));
  return {
    requestsPerSecond: gaps.length > 0 ? null : total(known),
    errorRate: errorRateOf(stable),
    p99: p99Of(stable),
    over: Math.min(...known.map((recent) => recent.over)),
    gaps,
  };
}

function total(known: readonly Extract<RecentTraffic, { kind: 'known' }>[]): number {
  return known.reduce((sum, { requestsPerSecond }) => sum + requestsPerSecond, 0);
}

/** With no failure among them, half a one is as good a guess as any: nobody knows how rare they are. */
function errorRateOf({ failed, requests }: Sample): number | null {
  return requests === 0 ? null : Math.min(HIGHEST_ERROR_RATE, Math.max(failed, 0.5) / requests);
}

function p99Of(stable: Sample): Milliseconds | null {
  const latency = latencyQuantile(stable, 0.99);
  return latency === null || latency >= BEYOND_EDGES ? null : latency;
}

function rpsOption(input: CommandInput): number | null {
  const text = textOption(input, 'rps');
  if (text === undefined) return null;
  const value = Number(text);
  if (text.trim() !== '' && value >= LEAST_RPS && value <= MOST_RPS) return value;
  throw new ConfigError(
    'invalid',
    `--rps takes the requests per second of all targets together, from ${LEAST_RPS} to ${MOST_RPS}, not "${text}".`,
  );
}

const [LEAST_RPS, MOST_RPS] = [0.0001, 1_000_000];

function errorRateOption(input: CommandInput): number | null {
  const text = textOption(input, 'errorRate');
  if (text === undefined) return null;
  const value = shareOption('error-rate', text);
  if (value <= HIGHEST_ERROR_RATE) return value;
  throw new ConfigError(
    'invalid',
    `--error-rate is the share of stable's requests that fail: at most ${100 * HIGHEST_ERROR_RATE}%, not "${text}".`,
  );
}

function p99Option(input: CommandInput): Milliseconds | null {
  const text = textOption(input, 'p99');
  if (text === undefined) return null;
  const value = parseDuration(text);
  if (value !== null && value >= 1 && value <= 60_000) return value;
  throw new ConfigError(
    'invalid',
    `--p99 takes a duration from "1ms" to "1m", such as "120ms", not "${text}".`,
  );
}
