import path from 'node:path';
import type { Clock } from './clock/clock.ts';
import { systemClock } from './clock/system-clock.ts';
import { decide } from './core/decide.ts';
import type { PlannedTarget } from './core/plan.ts';
import type { Site } from './engine/site.ts';
import type { Engine } from './engine/turn.ts';
import { blockedGate } from './gates/blocked.ts';
import { openSqliteStore } from './stores/sqlite/sqlite-store.ts';
import type { Store } from './stores/store.ts';
import { controlClient } from './targets/local/control-client.ts';
import { launchProxy, stopProxy } from './targets/local/launch.ts';
import { localSite } from './targets/local/local-site.ts';
import { newsLine, type NewsLine } from './targets/local/messages.ts';
import { proxyPaths } from './targets/local/paths.ts';
import { localSettings } from './targets/local/settings.ts';
import { TargetError } from './targets/target.ts';

/** Time after which a turn of the embedded host acts no more; there is no other controller to take over. */
const LEASE_MS = 15_000;

/** Opens the store in a state directory. */
export function openStore(stateDirectory: string): Store {
  return openSqliteStore(path.join(stateDirectory, 'state.db'));
}

/** Puts together the embedded engine over a store. The only place that knows every implementation. */
export function composeEngine(store: Store, clock: Clock = systemClock()): Engine {
  const sites = new Map<string, Site>();

  function siteOf(target: PlannedTarget): Site {
    const key = JSON.stringify(target);
    const known = sites.get(key) ?? makeSite(target, clock);
    sites.set(key, known);
    return known;
  }

  const gates = [blockedGate((service, environment) => store.blocks(service, environment))];
  return {
    store,
    clock,
    decide,
    findSites: ({ plan }) => Object.fromEntries(plan.targets.map((target) => [target.name, siteOf(target)])),
    gatesFor: () => gates,
    lease: LEASE_MS,
  };
}

function makeSite({ name, kind, settings }: PlannedTarget, clock: Clock): Site {
  switch (kind) {
    case 'local':
      return localSite(localSettings.parse(settings), clock);
    default:
      throw new TargetError('bad-settings', `${name}: there is no kind of target "${kind}"`);
  }
}

/** A local target that has been started. */
export interface StartedTarget {
  readonly name: string;
  /** Host and port that users reach it at. */
  readonly address: string;
  /** The release that takes its traffic; null if nothing was deployed yet. */
  readonly stable: string | null;
}

/** Starts the proxies of the local targets among these; those that run are left alone. */
export async function startLocalTargets(
  targets: readonly PlannedTarget[],
): Promise<readonly StartedTarget[]> {
  const started: StartedTarget[] = [];
  for (const { name, kind, settings } of targets) {
    if (kind !== 'local') continue;
    const local = localSettings.parse(settings);
    await launchProxy(local);
    const { address, traffic } = await controlClient(proxyPaths(local.directory).socket).reading();
    started.push({ name, address: `${address.host}:${address.port}`, stable: traffic.stable?.name ?? null });
  }
  return started;
}

/** Stops the proxies of the local targets among these, and their processes. Returns the names of those that ran. */
export async function stopLocalTargets(targets: readonly PlannedTarget[]): Promise<readonly string[]> {
  const stopped: string[] = [];
  for (const { name, kind, settings } of targets) {
    if (kind === 'local' && (await stopProxy(localSettings.parse(settings)))) stopped.push(name);
  }
  return stopped;
}

/** What the proxy of a local target counted in a tenth of a second. */
export type LocalNews = NewsLine;

/** Calls back with what a local target's proxy counts, as long as it runs and until it is stopped. */
export function listenToLocalTarget(
  target: PlannedTarget | undefined,
  onNews: (news: LocalNews) => void,
): () => void {
  const { directory } = localSettings.parse(target?.settings);
  const client = controlClient(proxyPaths(directory).socket);
  return client.listen((line) => onNews(newsLine.parse(JSON.parse(line))));
}
