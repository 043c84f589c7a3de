import type { decide } from '../../src/core/decide.ts';
import type { Decision } from '../../src/core/decision.ts';
import type { Observation } from '../../src/core/observation.ts';
import type { Random } from '../../src/core/random.ts';
import type { Rollout } from '../../src/core/rollout.ts';
import type { Instant, Milliseconds } from '../../src/core/time.ts';
import { type Commit, takeTurn } from '../../src/engine/turn.ts';
import type { Gate } from '../../src/gates/gate.ts';
import type { Notary } from '../../src/notaries/notary.ts';
import type { Store } from '../../src/stores/store.ts';
import {
  faulty,
  faultyNotary,
  faultySite,
  faultyStore,
  restartDelay,
  type FaultRates,
  type Process,
} from './faults.ts';
import type { SimulatedTarget } from './simulated-target.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** The controller processes of a simulation: one at a time, unless the one before was only frozen. */
export interface Controllers {
  start(): void;
  /** For how long there has been one that is alive and not frozen. */
  aliveFor(): Milliseconds;
  crashes(): number;
}

export interface ControllersOptions {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly store: Store;
  readonly targets: readonly SimulatedTarget[];
  readonly rates: () => FaultRates;
  readonly decide: typeof decide;
  readonly gates?: readonly Gate[];
  readonly notary?: Notary | null;
  /** Called when a controller has heard that it has committed. */
  readonly onCommit: (committed: Committed) => void;
  readonly report?: (invariant: string, detail: string) => void;
}

/** What a controller has committed, and what it made that from. */
export interface Committed {
  readonly rollout: Rollout;
  readonly before: Rollout | null;
  readonly seen: Observation | null;
  /** When the turn began. */
  readonly begun: Instant;
}

const LEASE: Milliseconds = 15_000;
/** Past this part of its lease another controller may have taken the rollout over. */
const ACTS_WITHIN: Milliseconds = 0.6 * LEASE;
const SCAN_EVERY: Milliseconds = 200;

export function controllers(options: ControllersOptions): Controllers {
  const { clock, random, store, targets, rates } = options;
  let aliveSince: Instant | null = null;
  let crashes = 0;

  function replace(): void {
    aliveSince = null;
    crashes += 1;
    clock.at(clock.now() + restartDelay(random), start);
  }

  function start(): void {
    aliveSince = clock.now();
    let isDead = false;
    let isFrozen = false;
    const process: Process = {
      isDead: () => isDead,
      die() {
        isDead = true;
        if (!isFrozen) replace();
      },
      freeze() {
        // A frozen controller that wakes up finishes what it was in, and then finds itself replaced.
        if (!isFrozen) replace();
        isFrozen = true;
      },
    };
    void loop(process, () => isFrozen);
  }

  async function loop(process: Process, isReplaced: () => boolean): Promise<void> {
    const portCall = faulty(clock, random, rates, process);
    let begun = clock.now();
    // What comes late is an order, so it is before orders that freezing does harm.
    const orderRates = () => {
      const { failsBefore, refuses, freeze, ...others } = rates();
      return { ...others, failsBefore: failsBefore + refuses, refuses, freeze: 10 * freeze };
    };
    const orderCall = faulty(clock, random, orderRates, process);
    const order = <T>(what: string, work: () => Promise<T>): Promise<T> => {
      const elapsed = clock.now() - begun;
      if (elapsed > ACTS_WITHIN) options.report?.('a late turn does not act', `${what} after ${elapsed} ms`);
      return orderCall(work);
    };
    const crashOnly = () => ({ ...rates(), failsBefore: 0, failsAfter: 0, hangs: 0, isSlow: 0 });
    const myStore = faultyStore(store, faulty(clock, random, crashOnly, process));
    const sites = Object.fromEntries(
      targets.map(({ name, site }) => [name, faultySite(site, portCall, order)]),
    );
    const made = new WeakMap<Decision, { readonly before: Rollout; readonly seen: Observation }>();
    const commit: Commit = async (decision) => {
      const [result = 'conflict'] = await myStore.commit([decision]);
      const from = made.get(decision);
      if (result === 'committed') {
        const { before = null, seen = null } = from ?? {};
        options.onCommit({ rollout: decision.rollout, before, seen, begun });
      }
      return result;
    };
    const gates = (options.gates ?? []).map((gate): Gate => ({
      ...gate,
      ask: (...args) => portCall(() => gate.ask(...args)),
    }));
    const engine = {
      store: myStore,
      clock,
      findSites: async () => sites,
      gatesFor: () => gates,
      notary: faultyNotary(options.notary ?? null, portCall),
      lease: LEASE,
      decide: (before: Rollout, seen: Observation, now: Instant) => {
        const decision = options.decide(before, seen, now);
        made.set(decision, { before, seen });
        return decision;
      },
    };
    const refusals = new Map<string, Readonly<Record<string, string>>>();
    while (!process.isDead() && !isReplaced()) {
      for (const id of await myStore.due(clock.now(), 10)) {
        begun = clock.now();
        const result = await takeTurn(engine, commit, id, refusals.get(id) ?? {});
        if (result.kind === 'turned') refusals.set(id, result.refusals);
      }
      await clock.wait(SCAN_EVERY);
    }
  }

  return {
    start,
    aliveFor: () => (aliveSince === null ? 0 : clock.now() - aliveSince),
    crashes: () => crashes,
  };
}
