import type { DueVerdict } from './attestation.ts';
import type { Answer } from './command.ts';
import type { Interval } from './analysis/evidence.ts';
import type { JournalEntry } from './journal.ts';
import type { Reason } from './reason.ts';
import type { Release } from './release.ts';
import type { Rollout } from './rollout.ts';
import type { Instant } from './time.ts';
import type { Traffic } from './traffic.ts';

/** A wish to the world. All are idempotent, and are repeated until an observation shows them fulfilled. */
export type Action = { readonly target: string } & (
  | { readonly kind: 'prepare'; readonly release: Release }
  | { readonly kind: 'apply'; readonly traffic: Traffic }
  | { readonly kind: 'retire'; readonly release: Release }
  | { readonly kind: 'arm'; readonly home: Traffic; readonly deadline: Instant }
  | { readonly kind: 'disarm' }
);

/** What a turn comes to. Committed as a whole before any of the actions is taken. */
export interface Decision {
  readonly rollout: Rollout;
  readonly entries: readonly JournalEntry[];
  readonly answers: readonly Answer[];
  /** What the analysis took in, so that the rollout can be judged again. */
  readonly intervals: readonly Interval[];
  readonly actions: readonly Action[];
  /** A verdict to be signed and attached; repeated until an observation shows it. */
  readonly attest: DueVerdict | null;
  /** A digest that this environment shall not see again, and why. */
  readonly block: { readonly release: Release; readonly reasons: readonly Reason[] } | null;
  /** When to look again at the latest; null when nothing is left to do. */
  readonly wakeAt: Instant | null;
}
