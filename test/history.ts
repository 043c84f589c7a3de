import type { Decision } from '../src/core/decision.ts';
import { toEnded } from '../src/core/turn/move.ts';
import type { Reason } from '../src/core/reason.ts';
import type { Phase, Rollout, RolloutRequest, VerdictKind } from '../src/core/rollout.ts';
import type { Instant } from '../src/core/time.ts';
import type { Store } from '../src/stores/store.ts';
import { CANDIDATE, plan, START } from './builders.ts';

/** A rollout of the past. */
export interface Past extends Partial<RolloutRequest> {
  /** How it ended; without, it is under way. */
  readonly verdict?: VerdictKind;
  readonly reasons?: readonly Reason[];
  readonly at?: Instant;
  readonly block?: boolean;
}

/** Writes down a rollout as if it had happened. */
export async function remember(store: Store, past: Past): Promise<Rollout> {
  const { verdict, reasons = [], at = START, block = false, ...changes } = past;
  const request = {
    service: 'shop',
    environment: 'prod',
    plan: plan(),
    candidate: CANDIDATE,
    requestedBy: 'ann',
  };
  const begun = await store.begin({ ...request, ...changes }, at, { supersede: true });
  const phase: Phase =
    verdict === undefined ? begun.phase : toEnded(begun, { kind: verdict, reasons }, at).to;
  const rollout: Rollout = { ...begun, revision: begun.revision + 1, phase };
  const decision: Decision = {
    rollout,
    entries: [],
    answers: [],
    intervals: [],
    actions: [],
    attest: null,
    block: block ? { release: rollout.candidate, reasons } : null,
    wakeAt: null,
  };
  await store.commit([decision]);
  return rollout;
}
