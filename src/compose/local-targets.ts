import type { Clock } from '../clock/clock.ts';
import { systemClock } from '../clock/system-clock.ts';
import type { Freshness } from '../core/forecast/scene.ts';
import type { PlannedTarget } from '../core/plan.ts';
import type { NewsLine } from '../targets/local/messages.ts';
import type { StartedTarget } from '../targets/local/operations.ts';
import type { RecentTraffic } from '../targets/local/recent-traffic.ts';
import type { ReleaseInTrouble } from '../targets/local/troubles.ts';
import { noSuchKind } from './engine.ts';
import type { ImageAccess } from './images.ts';

export type { RecentTraffic, ReleaseInTrouble, StartedTarget };

/** What the proxy of a local target counted in a tenth of a second. */
export type LocalNews = NewsLine;

/**
 * Starts the proxies of the local targets among these, and waits until what is stable takes traffic. Images that were changed
 * or removed since they were unpacked are brought anew.
 */
export async function startLocalTargets(
  targets: readonly PlannedTarget[],
  access: ImageAccess,
  clock: Clock = systemClock(),
): Promise<readonly StartedTarget[]> {
  const { startLocal } = await import('../targets/local/operations.ts');
  const { imageSource } = await import('./image-source.ts');
  const images = imageSource(access);
  return Promise.all(locals(targets).map(({ name, settings }) => startLocal(name, settings, clock, images)));
}

/** The releases that local targets among these keep and cannot start, or of which processes are missing. Starts nothing. */
export async function releasesInTrouble(
  targets: readonly PlannedTarget[],
): Promise<readonly ReleaseInTrouble[]> {
  const { troublesAt } = await import('../targets/local/troubles.ts');
  const found = await Promise.all(locals(targets).map(({ name, settings }) => troublesAt(name, settings)));
  return found.flat();
}

/** Lets local targets among these that a person stopped be started again. */
export async function mayStartLocalTargets(targets: readonly PlannedTarget[]): Promise<void> {
  const { mayStart } = await import('../targets/local/operations.ts');
  for (const { settings } of locals(targets)) mayStart(settings);
}

/** Why users cannot come to local targets among these, as far as only a person can help. Starts their proxies. */
export async function addressTroubles(targets: readonly PlannedTarget[]): Promise<readonly string[]> {
  const { addressTrouble } = await import('../targets/local/operations.ts');
  const troubles = await Promise.all(
    locals(targets).map(async ({ name, settings }) => {
      const trouble = await addressTrouble(settings);
      return trouble === null ? [] : [`${name}: ${trouble}`];
    }),
  );
  return troubles.flat();
}

/** The highest number of a rollout that any of these targets obeyed, of those that can be asked without starting them. */
export async function lastObeyedRollout(targets: readonly PlannedTarget[]): Promise<number> {
  const { lastObeyed } = await import('../targets/local/operations.ts');
  return Math.max(0, ...(await Promise.all(locals(targets).map(({ settings }) => lastObeyed(settings)))));
}

/** The names of the local targets among these that a person stopped. */
export async function stoppedLocalTargets(targets: readonly PlannedTarget[]): Promise<readonly string[]> {
  const { isStopped } = await import('../targets/local/operations.ts');
  return locals(targets).flatMap(({ name, settings }) => (isStopped(settings) ? [name] : []));
}

/** Percent of the requests that each of the local targets that run sends to the candidate now, by name. */
export async function weightsNow(targets: readonly PlannedTarget[]): Promise<ReadonlyMap<string, number>> {
  const { weightNow } = await import('../targets/local/operations.ts');
  const weights = await Promise.all(
    locals(targets).map(async ({ name, settings }) => [name, await weightNow(settings)] as const),
  );
  return new Map(weights.flatMap(([name, weight]) => (weight === null ? [] : [[name, weight] as const])));
}

/** Stops the proxies of the local targets among these, and their processes. Returns the names of those that ran. */
export async function stopLocalTargets(targets: readonly PlannedTarget[]): Promise<readonly string[]> {
  const { stopLocal } = await import('../targets/local/operations.ts');
  const stopped = await Promise.all(
    locals(targets).map(async ({ name, settings }) => ((await stopLocal(settings)) ? [name] : [])),
  );
  return stopped.flat();
}

/** Calls back with what a local target's proxy counts, as long as it runs; returns how to stop that. */
export async function listenToLocalTarget(
  { settings }: PlannedTarget,
  onNews: (news: LocalNews) => void,
): Promise<() => void> {
  const { listenToLocal } = await import('../targets/local/operations.ts');
  return listenToLocal(settings, onNews);
}

/** What users did of late at a target, if it can tell. Starts nothing. */
export async function recentTraffic({ kind, settings }: PlannedTarget): Promise<RecentTraffic> {
  if (kind !== 'local') return { kind: 'unknown', why: 'cannot tell' };
  const { recentLocalTraffic } = await import('../targets/local/recent-traffic.ts');
  return recentLocalTraffic(settings);
}

/** How soon bad news of these targets is seen and acted on: that of the slowest. */
export function freshnessOf(targets: readonly PlannedTarget[]): Freshness {
  const all = targets.map(({ name, kind }) => freshnessOfKind(name, kind));
  return {
    every: Math.max(...all.map(({ every }) => every)),
    lag: Math.max(...all.map(({ lag }) => lag)),
    switching: Math.max(...all.map(({ switching }) => switching)),
  };
}

function freshnessOfKind(name: string, kind: string): Freshness {
  switch (kind) {
    case 'local':
      // The proxy counts by the tenth of a second, and says so at once.
      return { every: 100, lag: 50, switching: 50 };
    default:
      throw noSuchKind(name, kind);
  }
}

function locals(targets: readonly PlannedTarget[]): readonly PlannedTarget[] {
  return targets.filter(({ kind }) => kind === 'local');
}
