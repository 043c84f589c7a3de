import { addSamples, type Sample } from '../../core/sample.ts';
import type { Instant, Milliseconds, Window } from '../../core/time.ts';
import { TargetError } from '../target.ts';
import { controlClient, type ControlClient } from './control-client.ts';
import { answers } from './messages.ts';
import { proxyPaths } from './paths.ts';
import { localSettings } from './settings.ts';

/** What users did of late at a target, and how stable served them. */
export type RecentTraffic =
  | {
      readonly kind: 'known';
      readonly requestsPerSecond: number;
      readonly over: Milliseconds;
      readonly stable: Sample;
    }
  /** Why it is not known, as the end of a sentence that begins with the target's name. */
  | { readonly kind: 'unknown'; readonly why: string };

/** The proxy keeps its counts for half an hour. Where traffic has only begun, the last slot is looked at more closely. */
const COARSE = { length: 30_000, count: 59 };
const FINE = { length: 1_000, count: 30 };

type Grid = typeof COARSE;

/** Asks a local target's proxy, if it runs, what it has counted. Starts nothing. `planned`: settings as in a plan. */
export async function recentLocalTraffic(planned: unknown): Promise<RecentTraffic> {
  const { directory } = localSettings.parse(planned);
  const client = controlClient(proxyPaths(directory).socket);
  try {
    const { now, traffic, running } = await client.reading();
    const { stable } = traffic;
    if (stable === null) return { kind: 'unknown', why: 'has had no release yet' };
    const others = running.map(({ digest }) => digest).filter((digest) => digest !== stable.digest);
    const ask = (window: Window) => askSlot(client, stable.digest, others, window);
    const coarse = await askAll(COARSE, now, ask);
    const hasOnlyBegun = coarse.every((slot, index) => slot === null || index === 0);
    return hasOnlyBegun ? summarise(FINE, await askAll(FINE, now, ask)) : summarise(COARSE, coarse);
  } catch (error) {
    if (error instanceof TargetError && error.code === 'unreachable')
      return { kind: 'unknown', why: 'does not run' };
    throw error;
  }
}

interface Slot {
  readonly stable: Sample;
  /** Requests of all releases that run. */
  readonly requests: number;
}

function askAll(
  { length, count }: Grid,
  now: Instant,
  ask: (window: Window) => Promise<Slot | null>,
): Promise<readonly (Slot | null)[]> {
  const ends = Array.from({ length: count }, (_, index) => now - index * length);
  return Promise.all(ends.map((to) => ask({ from: to - length, to })));
}

/** What all releases did in the window; null for nothing. */
async function askSlot(
  client: ControlClient,
  stable: string,
  others: readonly string[],
  window: Window,
): Promise<Slot | null> {
  const asked = (others.length === 0 ? [stable] : others).map(async (candidate) =>
    answers.sample.parse(await client.order('sample', { stable, candidate, window })),
  );
  const samples = (await Promise.all(asked)).flatMap(({ sample }) => sample ?? []);
  const [first] = samples;
  if (first === undefined) return null;
  const ofOthers = others.length === 0 ? 0 : addSamples(samples.map((sample) => sample.candidate)).requests;
  return { stable: first.stable, requests: first.stable.requests + ofOthers };
}

/** From the first slot with requests on, newest first. Where there are more, that one is left out: traffic began within it. */
function summarise({ length }: Grid, slots: readonly (Slot | null)[]): RecentTraffic {
  const first = slots.findLastIndex((slot) => slot !== null);
  const count = first > 0 ? first : first + 1;
  const busy = slots.slice(0, count).filter((slot) => slot !== null);
  const requests = busy.reduce((sum, slot) => sum + slot.requests, 0);
  if (requests === 0) return { kind: 'unknown', why: 'has had no requests in the last half hour' };
  const over = count * length;
  return {
    kind: 'known',
    requestsPerSecond: (1_000 * requests) / over,
    over,
    stable: addSamples(busy.map((slot) => slot.stable)),
  };
}
