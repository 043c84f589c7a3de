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
  /** Called after every commit, with what the decision was made from. */
  readonly onCommit: (rollout: Rollout, before: Rollout | null, seen: Observation | null) => void;
}

const LEASE: Milliseconds = 15_000;
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
    const crashOnly = () => ({ ...rates(), failsBefore: 0, failsAfter: 0, hangs: 0, isSlow: 0 });
    const myStore = faultyStore(store, faulty(clock, random, crashOnly, process));
    const sites = Object.fromEntries(targets.map(({ name, site }) => [name, faultySite(site, portCall)]));
    const made = new WeakMap<Decision, { readonly before: Rollout; readonly seen: Observation }>();
    const commit: Commit = async (decision) => {
      const [result = 'conflict'] = await myStore.commit([decision]);
      const from = made.get(decision);
      if (result === 'committed') {
        options.onCommit(decision.rollout, from?.before ?? null, from?.seen ?? null);
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
