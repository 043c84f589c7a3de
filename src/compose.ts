import path from 'node:path';
import type { Clock } from './clock/clock.ts';
import { systemClock } from './clock/system-clock.ts';
import { decide } from './core/decide.ts';
import type { Freshness } from './core/forecast/scene.ts';
import type { PlannedTarget } from './core/plan.ts';
import type { Site } from './engine/site.ts';
import type { Engine } from './engine/turn.ts';
import { blockedGate } from './gates/blocked.ts';
import { builtFloor } from './gates/built-floor.ts';
import type { Candidate, Judgement } from './gates/judge-candidate.ts';
import { openSqliteStore } from './stores/sqlite/sqlite-store.ts';
import type { Store } from './stores/store.ts';
import type { ImageRepository } from './supply-chain/oci/repository.ts';
import type { CredentialsFor } from './supply-chain/registry/client/credentials.ts';
import type { NewsLine } from './targets/local/messages.ts';
import type { StartedTarget } from './targets/local/operations.ts';
import type { RecentTraffic } from './targets/local/recent-traffic.ts';
import { TargetError } from './targets/target.ts';

/** Time after which a turn of the embedded host acts no more; there is no other controller to take over. */
const LEASE_MS = 15_000;

/** Opens the store in a state directory. */
export function openStore(stateDirectory: string): Store {
  return openSqliteStore(path.join(stateDirectory, 'state.db'));
}

/** Puts together the embedded engine over a store. This file is the only one that knows every implementation. */
export function composeEngine(store: Store, clock: Clock = systemClock()): Engine {
  const sites = new Map<string, Promise<Site>>();

  function siteOf(target: PlannedTarget): Promise<Site> {
    const key = JSON.stringify(target);
    const site = sites.get(key) ?? makeSite(target, clock);
    sites.set(key, site);
    return site;
  }

  const gates = [blockedGate((service, environment) => store.blocks(service, environment))];
  return {
    store,
    clock,
    decide,
    async findSites({ plan }) {
      const found = plan.targets.map(async (target) => [target.name, await siteOf(target)] as const);
      return Object.fromEntries(await Promise.all(found));
    },
    gatesFor: () => gates,
    notary: null,
    lease: LEASE_MS,
  };
}

/** Adapters are loaded when a target of their kind turns up: some of them are large. */
async function makeSite({ name, kind, settings }: PlannedTarget, clock: Clock): Promise<Site> {
  switch (kind) {
    case 'local': {
      const { localSite } = await import('./targets/local/local-site.ts');
      return localSite(settings, clock);
    }
    default:
      throw noSuchKind(name, kind);
  }
}

function noSuchKind(name: string, kind: string): TargetError {
  return new TargetError('bad-settings', `${name}: there is no kind of target "${kind}"`);
}

export type { RecentTraffic, StartedTarget };

/** What the proxy of a local target counted in a tenth of a second. */
export type LocalNews = NewsLine;

/** Starts the proxies of the local targets among these, and waits until what is stable takes traffic. */
export async function startLocalTargets(
  targets: readonly PlannedTarget[],
): Promise<readonly StartedTarget[]> {
  const { startLocal } = await import('./targets/local/operations.ts');
  const clock = systemClock();
  return Promise.all(locals(targets).map(({ name, settings }) => startLocal(name, settings, clock)));
}

/** Lets local targets among these that a person stopped be started again. */
export async function mayStartLocalTargets(targets: readonly PlannedTarget[]): Promise<void> {
  const { mayStart } = await import('./targets/local/operations.ts');
  for (const { settings } of locals(targets)) mayStart(settings);
}

/** The highest number of a rollout that any of these targets obeyed, of those that can be asked without starting them. */
export async function lastObeyedRollout(targets: readonly PlannedTarget[]): Promise<number> {
  const { lastObeyed } = await import('./targets/local/operations.ts');
  return Math.max(0, ...(await Promise.all(locals(targets).map(({ settings }) => lastObeyed(settings)))));
}

/** The names of the local targets among these that a person stopped. */
export async function stoppedLocalTargets(targets: readonly PlannedTarget[]): Promise<readonly string[]> {
  const { isStopped } = await import('./targets/local/operations.ts');
  return locals(targets).flatMap(({ name, settings }) => (isStopped(settings) ? [name] : []));
}

/** Stops the proxies of the local targets among these, and their processes. Returns the names of those that ran. */
export async function stopLocalTargets(targets: readonly PlannedTarget[]): Promise<readonly string[]> {
  const { stopLocal } = await import('./targets/local/operations.ts');
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
  const { listenToLocal } = await import('./targets/local/operations.ts');
  return listenToLocal(settings, onNews);
}

/** What users did of late at a target, if it can tell. Starts nothing. */
export async function recentTraffic({ kind, settings }: PlannedTarget): Promise<RecentTraffic> {
  if (kind !== 'local') return { kind: 'unknown', why: 'cannot tell' };
  const { recentLocalTraffic } = await import('./targets/local/recent-traffic.ts');
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

/**
 * The repository that is named: a directory of the state for the built-in registry, or else one in a registry that is
 * asked over the network. Rejects with `BAD_REFERENCE`.
 */
export async function openImageRepository(
  name: string,
  stateDirectory: string,
  credentialsFor: CredentialsFor,
): Promise<ImageRepository> {
  const { BUILT_IN, parseReference, repositoryName } = await import('./supply-chain/oci/reference.ts');
  const reference = parseReference(name);
  if (reference.registry !== BUILT_IN) {
    const { registryRepository } = await import('./supply-chain/registry/client/registry-repository.ts');
    return registryRepository(reference, { credentialsFor, clock: systemClock() });
  }
  const [{ layoutRepository }, { repositoryDirectory }] = await Promise.all([
    import('./supply-chain/layout/layout-repository.ts'),
    import('./supply-chain/registry/server/repository-directory.ts'),
  ]);
  const directory = repositoryDirectory(path.join(stateDirectory, BUILT_IN), reference.repository);
  return layoutRepository(repositoryName(reference), directory);
}

/** For registries that are slow, when a person waits. */
const PATIENCE_MS = 30_000;

interface VerifyImage {
  readonly store: Store;
  readonly stateDirectory: string;
  readonly clock: Clock;
  readonly credentialsFor: CredentialsFor;
  readonly image: Omit<Candidate, 'purpose' | 'pinned'>;
}

/** What the gate of an environment would say about an image, were it to be delivered there now. */
export async function verifyImage(request: VerifyImage): Promise<Judgement> {
  const { store, stateDirectory, credentialsFor, clock } = request;
  // Loaded when an image turns up: cryptography takes longer to load than all the rest.
  const [{ readEvidence }, { judgeCandidate }] = await Promise.all([
    import('./supply-chain/verification/read-evidence.ts'),
    import('./gates/judge-candidate.ts'),
  ]);
  const bench = {
    openRepository: (name: string) => openImageRepository(name, stateDirectory, credentialsFor),
    readEvidence,
    clock,
    blocks: (service: string, environment: string) => store.blocks(service, environment),
    floor: builtFloor((filter) => store.list(filter)),
  };
  const candidate = { ...request.image, purpose: 'deliver' as const, pinned: [] };
  return judgeCandidate(candidate, bench, AbortSignal.timeout(PATIENCE_MS));
}
