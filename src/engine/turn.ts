import type { Clock } from '../clock/clock.ts';
import type { Decision } from '../core/decision.ts';
import type { decide } from '../core/decide.ts';
import type { Rollout } from '../core/rollout.ts';
import type { Milliseconds } from '../core/time.ts';
import type { Gate } from '../gates/gate.ts';
import type { Notary } from '../notaries/notary.ts';
import type { Store } from '../stores/store.ts';
import { act, lateAfter } from './act.ts';
import { observe } from './observe.ts';
import type { FindSites } from './site.ts';

/** The ports that the engine works with. */
export interface Engine {
  readonly store: Store;
  readonly clock: Clock;
  readonly findSites: FindSites;
  readonly gatesFor: (rollout: Rollout) => readonly Gate[];
  /** Who signs what came of rollouts; null where nobody does. */
  readonly notary: Notary | null;
  /** The judgement: `decide` of the core, unless a test wants to see a worse one found out. */
  readonly decide: typeof decide;
  /** How long a turn may take before another controller may have taken the rollout over. */
  readonly lease: Milliseconds;
}

/** How a turn went. */
export type TurnResult =
  | {
      readonly kind: 'turned';
      readonly decision: Decision;
      readonly refusals: Readonly<Record<string, string>>;
    }
  /** Somebody else changed the rollout meanwhile: nothing was done, look again. */
  | { readonly kind: 'conflict' }
  | { readonly kind: 'unknown' };

/** Writes a decision down; may gather those of several rollouts. */
export type Commit = (decision: Decision) => Promise<'committed' | 'conflict'>;

/**
 * One turn of one rollout: observe, decide, commit, act. The commit comes before acting, so that after a crash the next
 * turn finds the wish written down and repeats what is not fulfilled.
 */
export async function takeTurn(
  engine: Engine,
  commit: Commit,
  id: string,
  refusals: Readonly<Record<string, string>>,
): Promise<TurnResult> {
  const { store, clock, findSites, gatesFor, notary, lease } = engine;
  const isLate = lateAfter(lease, clock.stopwatch());
  const rollout = await store.load(id);
  if (rollout === null) return { kind: 'unknown' };
  const sites = await findSites(rollout);
  const eyes = { store, clock, sites, gates: gatesFor(rollout), notary, refusals };

  const observation = await observe(rollout, eyes);
  const decision = engine.decide(rollout, observation, clock.now());
  if ((await commit(decision)) === 'conflict') return { kind: 'conflict' };
  return { kind: 'turned', decision, refusals: await act(decision, eyes, isLate) };
}
