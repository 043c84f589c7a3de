import type { Random } from '../../src/core/random.ts';
import type { Milliseconds } from '../../src/core/time.ts';
import type { Site } from '../../src/engine/site.ts';
import type { Notary } from '../../src/notaries/notary.ts';
import type { Store } from '../../src/stores/store.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** How often things go wrong, per call of a port. */
export interface FaultRates {
  readonly failsBefore: number;
  /** The same of orders to a target and its guard, besides. */
  readonly refuses: number;
  readonly failsAfter: number;
  readonly hangs: number;
  readonly isSlow: number;
  /** The controller dies at this call, before or after its effect. */
  readonly crash: number;
  /** The controller freezes at this call, for up to a minute, and then goes on as if nothing had been. */
  readonly freeze: number;
}

export const NO_FAULTS: FaultRates = {
  failsBefore: 0,
  refuses: 0,
  failsAfter: 0,
  hangs: 0,
  isSlow: 0,
  crash: 0,
  freeze: 0,
};

/** The process that the ports are called from. */
export interface Process {
  isDead(): boolean;
  die(): void;
  /** The supervisor gives up on it and starts another one, while this one sleeps. */
  freeze(): void;
}

type Call = <T>(work: () => Promise<T>) => Promise<T>;

/** Puts faults between a controller and its ports. A dead controller's calls never return. */
export function faulty(clock: VirtualClock, random: Random, rates: () => FaultRates, process: Process): Call {
  const never = new Promise<never>(() => {});

  async function boundary(): Promise<void> {
    if (process.isDead()) return never;
    if (random.chance(rates().crash)) {
      process.die();
      return never;
    }
    if (random.chance(rates().freeze)) {
      process.freeze();
      // So shortly that it still may act when it wakes up, or for long.
      await clock.wait(random.below(random.chance(0.5) ? 8_000 : 60_000));
    }
  }

  return async (work) => {
    await boundary();
    const { failsBefore, failsAfter, hangs, isSlow } = rates();
    if (random.chance(failsBefore)) throw new Error('connection refused');
    if (random.chance(isSlow)) await clock.wait(random.below(3_000));
    if (random.chance(hangs)) {
      if (random.chance(0.5)) await work();
      return never;
    }
    const result = await work();
    await boundary();
    if (random.chance(failsAfter)) throw new Error('connection reset');
    return result;
  };
}

/** Gives an order to a target or its guard, which `what` names. */
type Order = <T>(what: string, work: () => Promise<T>) => Promise<T>;

/** The site as a controller sees it that asks behind `call`, and orders behind `order`. */
export function faultySite({ target, guard, metrics }: Site, call: Call, order: Order): Site {
  return {
    target: {
      ...target,
      observe: (...args) => call(() => target.observe(...args)),
      prepare: (...args) => order('prepare', () => target.prepare(...args)),
      apply: (...args) => order('apply', () => target.apply(...args)),
      retire: (...args) => order('retire', () => target.retire(...args)),
      smoke: (...args) => call(() => target.smoke(...args)),
    },
    guard: {
      arm: (...args) => order('arm', () => guard.arm(...args)),
      disarm: (...args) => order('disarm', () => guard.disarm(...args)),
    },
    metrics: { sample: (...args) => call(() => metrics.sample(...args)) },
  };
}

/** The notary as a controller behind `call` sees it. */
export function faultyNotary(notary: Notary | null, call: Call): Notary | null {
  if (notary === null) return null;
  return {
    find: (...args) => call(() => notary.find(...args)),
    attest: (...args) => call(() => notary.attest(...args)),
  };
}

/** The store as a controller behind `call` sees it. Its own faults are crashes only: a store that answers is right. */
export function faultyStore(store: Store, call: Call): Store {
  return {
    ...store,
    load: (...args) => call(() => store.load(...args)),
    due: (...args) => call(() => store.due(...args)),
    commit: (...args) => call(() => store.commit(...args)),
    neighbours: (...args) => call(() => store.neighbours(...args)),
    pendingCommands: (...args) => call(() => store.pendingCommands(...args)),
  };
}

/** How long a supervisor takes to notice and start a new controller. */
export function restartDelay(random: Random): Milliseconds {
  return random.chance(0.5) ? random.below(2_000) : random.below(40_000);
}
