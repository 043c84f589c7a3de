import { existsSync, rmSync, writeFileSync } from 'node:fs';
import type { Clock } from '../../clock/clock.ts';
import { TargetError } from '../target.ts';
import { sayAddress } from './address.ts';
import { controlClient } from './control-client.ts';
import { launchProxy, stopProxy } from './launch.ts';
import { type Mender, mender } from './mender.ts';
import { newsLine, type NewsLine } from './messages.ts';
import { proxyPaths } from './paths.ts';
import { localSettings, type LocalSettings } from './settings.ts';
import { type ImageSource, NO_IMAGES } from './unpacked.ts';

/** A local target that has been started. */
export interface StartedTarget {
  readonly name: string;
  /** Host and port that users reach it at. */
  readonly address: string;
  /** The release that takes its traffic; null if nothing was deployed yet. */
  readonly stable: string | null;
  /** Why it does not take traffic all the same; null if it does. */
  readonly trouble: string | null;
}

const UP_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 50;

/** Whether a person stopped the target, so that nobody else starts it. */
export function isStopped(settings: unknown): boolean {
  return existsSync(proxyPaths(localSettings.parse(settings).directory).stopped);
}

/** Lets the target be started again by whoever needs it. */
export function mayStart(settings: unknown): void {
  rmSync(proxyPaths(localSettings.parse(settings).directory).stopped, { force: true });
}

/** The number of the last rollout that the target obeyed; 0 if none, or if its proxy does not run. */
export async function lastObeyed(settings: unknown): Promise<number> {
  const { directory } = localSettings.parse(settings);
  try {
    const { fence } = await controlClient(proxyPaths(directory).socket).reading();
    return fence?.sequence ?? 0;
  } catch {
    return 0;
  }
}

/** Percent of the requests that go to the candidate now; null if its proxy does not run. Starts nothing. */
export async function weightNow(settings: unknown): Promise<number | null> {
  const { directory } = localSettings.parse(settings);
  try {
    const { traffic } = await controlClient(proxyPaths(directory).socket).reading();
    return traffic.weight;
  } catch {
    return null;
  }
}

/** Starts the proxy, if it does not run, and says why it cannot be reached where users come; null if it can. */
export async function addressTrouble(settings: unknown): Promise<string | null> {
  try {
    await launchProxy(localSettings.parse(settings));
    return null;
  } catch (error) {
    // Other trouble may be over in a moment, and the engine goes on trying.
    return error instanceof TargetError && error.code === 'port-in-use' ? error.message : null;
  }
}

/**
 * Starts the proxy, if it does not run, and waits until what is stable takes traffic; if its image was changed, it is brought
 * anew from `images`. `settings` as in a plan.
 */
export async function startLocal(
  name: string,
  settings: unknown,
  clock: Clock,
  images: ImageSource = NO_IMAGES,
): Promise<StartedTarget> {
  const local = localSettings.parse(settings);
  mayStart(settings);
  await launchProxy(local);
  const { address, traffic, stable } = await untilUp(local, mender(local, images, clock), clock);
  return {
    name,
    address: sayAddress(address),
    stable: traffic.stable?.name ?? null,
    trouble: stable?.healthy === 0 ? stable.trouble : null,
  };
}

/** Waits until what is stable takes traffic, but not for ever: only as long as its image is under way. */
async function untilUp({ directory }: LocalSettings, mending: Mender, clock: Clock) {
  const client = controlClient(proxyPaths(directory).socket);
  const elapsed = clock.stopwatch();
  try {
    for (;;) {
      const reading = await client.reading();
      const kept = reading.running.find(({ release }) => release.digest === reading.traffic.stable?.digest);
      if (kept === undefined || kept.healthy > 0) return { ...reading, stable: kept };
      const { release, isOnItsWay, isHopeless } = mending.mend(kept, reading.fence);
      if (isHopeless || (!isOnItsWay && elapsed() > UP_WITHIN_MS)) return { ...reading, stable: release };
      await clock.wait(LOOK_EVERY_MS);
    }
  } finally {
    mending.close();
  }
}

/** Stops the proxy and all its processes, and keeps a controller from starting them again. Returns whether it ran. */
export async function stopLocal(settings: unknown): Promise<boolean> {
  const local = localSettings.parse(settings);
  if (existsSync(local.directory)) writeFileSync(proxyPaths(local.directory).stopped, '');
  return stopProxy(local);
}

/** Calls back with the proxy's news, as long as it runs; returns how to stop that. */
export function listenToLocal(settings: unknown, onNews: (news: NewsLine) => void): () => void {
  const { directory } = localSettings.parse(settings);
  const client = controlClient(proxyPaths(directory).socket);
  return client.listen((line) => onNews(newsLine.parse(JSON.parse(line))));
}
