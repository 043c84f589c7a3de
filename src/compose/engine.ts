import path from 'node:path';
import { systemClock } from '../clock/system-clock.ts';
import { decide } from '../core/decide.ts';
import type { PlannedTarget } from '../core/plan.ts';
import type { Rollout } from '../core/rollout.ts';
import type { Site } from '../engine/site.ts';
import type { Engine } from '../engine/turn.ts';
import { approvalGate } from '../gates/approval.ts';
import { blockedGate } from '../gates/blocked.ts';
import { floorGate } from '../gates/floor.ts';
import { freezeGate } from '../gates/freeze.ts';
import type { Gate } from '../gates/gate.ts';
import { patientGate } from '../gates/patient.ts';
import { verdictOfGate } from '../gates/verdict-of.ts';
import type { Notary } from '../notaries/notary.ts';
import { openSqliteStore } from '../stores/sqlite/sqlite-store.ts';
import type { Store } from '../stores/store.ts';
import { TargetError } from '../targets/target.ts';
import { benchOf, type ImageHost } from './images.ts';

/** Time after which a turn of the embedded host acts no more; there is no other controller to take over. */
const LEASE_MS = 15_000;

/** Opens the store in a state directory. */
export function openStore(stateDirectory: string): Store {
  return openSqliteStore(path.join(stateDirectory, 'state.db'));
}

/** What the embedded engine is put together from. */
export type HostOptions = Omit<ImageHost, 'clock'> & Partial<Pick<ImageHost, 'clock'>>;

/** Puts together the embedded engine over a store. */
export function composeEngine({ clock = systemClock(), ...options }: HostOptions): Engine {
  const host: ImageHost = { clock, ...options };
  const { store } = host;
  const sites = new Map<string, Promise<Site>>();

  function siteOf(target: PlannedTarget): Promise<Site> {
    const key = JSON.stringify(target);
    const site = sites.get(key) ?? makeSite(target, host);
    sites.set(key, site);
    return site;
  }

  const usual = [
    blockedGate((service, environment) => store.blocks(service, environment)),
    approvalGate(clock),
    freezeGate(clock),
    verdictOfGate(store, clock),
  ];
  const forImages = [...usual, floorGate(store), patientGate(imageGate(host), clock)];
  return {
    store,
    clock,
    decide,
    async findSites({ plan }) {
      const found = plan.targets.map(async (target) => [target.name, await siteOf(target)] as const);
      return Object.fromEntries(await Promise.all(found));
    },
    gatesFor: (rollout) => (isJudged(rollout) ? forImages : usual),
    notary: imageNotary(host),
    lease: LEASE_MS,
  };
}

/** Commands are only judged where nothing but images may be deployed. */
function isJudged({ plan, candidate }: Rollout): boolean {
  return plan.policy !== null || candidate.artifact.kind === 'image';
}

/** The gate of the supply chain, which is loaded when it is asked for the first time. */
function imageGate(host: ImageHost): Gate {
  const gate = once(async () => {
    const { supplyChainGate } = await import('../gates/supply-chain.ts');
    return supplyChainGate(await benchOf(host));
  });
  return {
    name: 'supply chain',
    asksAgain: true,
    ask: async (rollout, signal) => (await gate()).ask(rollout, signal),
  };
}

/** Signs the verdicts about images; loaded when there is one to be signed. */
function imageNotary(host: ImageHost): Notary {
  const notary = once(async () => {
    const { makeNotary } = await import('./signing.ts');
    return makeNotary(host);
  });
  return {
    find: async (...about) => (await notary()).find(...about),
    attest: async (...about) => (await notary()).attest(...about),
  };
}

/** Adapters are loaded when a target of their kind turns up: some of them are large. */
async function makeSite({ name, kind, settings }: PlannedTarget, host: ImageHost): Promise<Site> {
  switch (kind) {
    case 'local': {
      const { localSite } = await import('../targets/local/local-site.ts');
      const { imageSource } = await import('./image-source.ts');
      return localSite(settings, host.clock, imageSource(host));
    }
    default:
      throw noSuchKind(name, kind);
  }
}

/** A kind of target that nobody has written. */
export function noSuchKind(name: string, kind: string): TargetError {
  return new TargetError('bad-settings', `${name}: there is no kind of target "${kind}"`);
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    made ??= make();
    return made;
  };
}
