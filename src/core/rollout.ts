import type { Admission } from './permission/admission.ts';
import type { Approval } from './permission/approval.ts';
import { type Attestation, NOTHING_ATTESTED } from './attestation.ts';
import type { Evidence } from './analysis/evidence.ts';
import type { JournalEntry } from './journal.ts';
import type { OverridableGate, Override } from './permission/override.ts';
import type { Plan } from './plan.ts';
import type { Reason } from './reason.ts';
import { isStopped, type Recheck } from './permission/recheck.ts';
import type { Release } from './release.ts';
import type { Sample } from './sample.ts';
import type { Instant, Milliseconds } from './time.ts';

/** How a rollout ended. */
export type VerdictKind = 'promoted' | 'rolled back' | 'rejected' | 'aborted';

export interface Verdict {
  readonly kind: VerdictKind;
  readonly reasons: readonly Reason[];
}

/** Where a rollout stands. `watched` is the time spent in it with a controller looking. */
export type Phase =
  | { readonly kind: 'gating'; readonly since: Instant; readonly watched: Milliseconds }
  | { readonly kind: 'preparing'; readonly since: Instant; readonly watched: Milliseconds }
  | {
      readonly kind: 'progressing';
      /** Index into the plan's steps. */
      readonly step: number;
      /** `moving` until all targets are verified at the step's weight, then `holding`. */
      readonly stage: 'moving' | 'holding';
      readonly since: Instant;
      readonly watched: Milliseconds;
    }
  | {
      readonly kind: 'held';
      readonly step: number;
      readonly since: Instant;
      readonly watched: Milliseconds;
      readonly reasons: readonly Reason[];
    }
  | {
      readonly kind: 'promoting';
      readonly since: Instant;
      readonly watched: Milliseconds;
      /** What a person said who did not wait for the evidence; empty when it was waited for. */
      readonly ordered: readonly Reason[];
    }
  | {
      readonly kind: 'rolling-back';
      readonly since: Instant;
      readonly watched: Milliseconds;
      readonly verdict: Verdict;
      /** Whether people were told that it takes long. */
      readonly late: boolean;
    }
  | {
      readonly kind: 'ended';
      readonly at: Instant;
      readonly verdict: Verdict;
      /** Until then the targets are still watched; after promotion the old release stays warm as long. */
      readonly settlesAt: Instant;
      /** Whether everything is settled and no turn is needed any more. */
      readonly settled: boolean;
    };

export type PhaseKind = Phase['kind'];

/** The phase of one kind. */
export type PhaseOf<Kind extends PhaseKind> = Extract<Phase, { kind: Kind }>;

/** A digest that was read back from what really runs. */
export interface ReadBack {
  readonly digest: string;
  readonly at: Instant;
}

/** What a rollout remembers of one of its targets. */
export interface TargetState {
  /** The stable release found there when it began; null if there was none. */
  readonly home: Release | null;
  /** Since when its traffic has been verified as wished; null while it is not. */
  readonly steadySince: Instant | null;
  /** Why the release at home cannot be started, or not all of it; null if it can. */
  readonly homeTrouble: string | null;
  /** How long it, or its metrics, has been unreadable, and what it said. */
  readonly outage: { readonly watched: Milliseconds; readonly error: string } | null;
  /** What it said when it last refused a wish; null when it took them all. */
  readonly refusal: string | null;
  /** The last firing of its guard that the journal knows of. */
  readonly guardFiredAt: Instant | null;
  /**
   * What the candidate was when it was last read back from what runs there, before the end; null while it was not seen to
   * run. Missing in what was written down by versions that did not remember it.
   */
  readonly ran?: ReadBack | null;
}

/** The latest judgement of one check on one target. */
export interface Finding {
  readonly check: string;
  readonly target: string;
  readonly kind: 'pass' | 'fail' | 'undecided';
  readonly reason: Reason;
}

/** One attempt to replace stable by candidate in one environment, on all its targets: the state that `decide` turns. */
export interface Rollout {
  readonly id: string;
  readonly service: string;
  readonly environment: string;
  /** Counts the rollouts of this service and environment, from 1. */
  readonly sequence: number;
  /** Counts the commits of this state, from 1. */
  readonly revision: number;
  readonly plan: Plan;
  readonly candidate: Release;
  readonly requestedBy: string;
  readonly createdAt: Instant;
  readonly phase: Phase;
  readonly paused: { readonly by: string; readonly at: Instant } | null;
  /** Null until the targets were first read. */
  readonly targets: Readonly<Record<string, TargetState>> | null;
  /** The revision at which the present wish for the targets' traffic was made. */
  readonly wishedAt: number;
  readonly findings: readonly Finding[];
  /** What the stable release of each target did before the candidate came; targets without traffic are missing. */
  readonly history: Readonly<Record<string, Sample>>;
  /** By what a gate let the candidate in; null before, and where no gate asks for evidence. */
  readonly admission: Admission | null;
  /** What became of asking for the same evidence again; null where there is none to ask for. */
  readonly recheck: Recheck | null;
  readonly approvals: readonly Approval[];
  /** The gates that somebody asked to overrule. */
  readonly overrides: readonly Override[];
  readonly attestation: Attestation;
  /** What the analysis has learnt; null before traffic was split. */
  readonly evidence: Evidence | null;
  /** What it is waiting for at present, for people. */
  readonly waitingFor: readonly Reason[];
  readonly lastTurnAt: Instant;
}

/** What it takes to begin a rollout. */
export interface RolloutRequest {
  readonly service: string;
  readonly environment: string;
  readonly plan: Plan;
  readonly candidate: Release;
  readonly requestedBy: string;
  /** The gates to overrule, if a second person allows it, and why. */
  readonly overrides?: readonly { readonly gate: OverridableGate; readonly note: string }[];
}

/** The state in which a rollout begins. The store hands out the sequence number. */
export function beginRollout(
  { overrides = [], ...request }: RolloutRequest,
  sequence: number,
  now: Instant,
): Rollout {
  return {
    id: `${request.service}-${request.environment}-${sequence}`,
    ...request,
    sequence,
    revision: 1,
    createdAt: now,
    phase: { kind: 'gating', since: now, watched: 0 },
    paused: null,
    targets: null,
    wishedAt: 1,
    findings: [],
    history: {},
    admission: null,
    recheck: null,
    approvals: [],
    overrides: overrides.map((each) => ({ ...each, by: request.requestedBy, allowed: null })),
    attestation: NOTHING_ATTESTED,
    evidence: null,
    waitingFor: [],
    lastTurnAt: now,
  };
}

/** The journal's first entry. */
export function firstEntry(rollout: Rollout): JournalEntry {
  const { candidate, plan, overrides } = rollout;
  return {
    at: rollout.createdAt,
    kind: 'began',
    release: candidate.name,
    digest: candidate.digest,
    by: rollout.requestedBy,
    targets: plan.targets.map((target) => target.name),
    weights: plan.steps.map((step) => step.weight),
    ...(overrides.length === 0 ? {} : { overrules: overrides.map(({ gate, note }) => ({ gate, note })) }),
  };
}

/** Whether a rollout can still change traffic by itself. */
export function isActive(rollout: Rollout): boolean {
  return rollout.phase.kind !== 'ended';
}

/** The one word that `status` shows. */
export function statusOf(rollout: Rollout): string {
  if (rollout.phase.kind === 'ended') return rollout.phase.verdict.kind;
  const isPaused = rollout.paused !== null || isStopped(rollout);
  return isPaused && rollout.phase.kind !== 'rolling-back' ? 'paused' : rollout.phase.kind;
}
