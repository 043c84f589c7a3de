import { decide } from '../../src/core/decide.ts';
import type { Gate } from '../../src/gates/gate.ts';
import type { Store } from '../../src/stores/store.ts';
import type { SimulatedNotary } from './simulated-notary.ts';
import type { SimulatedTarget } from './simulated-target.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** Parts that a test may replace by worse ones, to see that they are found out. */
export interface Parts {
  readonly decide: typeof decide;
  readonly store: (store: Store) => Store;
  readonly target: (target: SimulatedTarget) => SimulatedTarget;
  readonly gate: (gate: Gate) => Gate;
  readonly notary: (notary: SimulatedNotary, clock: VirtualClock) => SimulatedNotary;
}

export const SOUND: Parts = {
  decide,
  store: (store) => store,
  target: (target) => target,
  gate: (gate) => gate,
  notary: (notary) => notary,
};
