import type { Admission, Refusal } from './permission/admission.ts';
import type { Attested } from './attestation.ts';
import type { PendingCommand } from './command.ts';
import type { Release } from './release.ts';
import type { Comparison } from './sample.ts';
import type { Instant } from './time.ts';
import type { Fence, Traffic } from './traffic.ts';

/** What came back from a port: an answer, or the news that there was none. Never an exception. */
export type Reading<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'outage'; readonly error: string };

/** A release that runs on a target, whether it gets traffic or not. */
export interface Running {
  readonly release: Release;
  /** Digest read back from what really runs. */
  readonly digest: string;
  /** Instances that should be up, and those that are up and healthy. */
  readonly wanted: number;
  readonly healthy: number;
  /** What is wrong with it, for people; null when nothing is. */
  readonly trouble: string | null;
  /** Whether the platform has given up on it: it will not get healthy by waiting. */
  readonly failed: boolean;
}

/** The dead-man's switch of one target. */
export interface GuardReading {
  /** Where it takes traffic, and when, unless it is renewed before; past that time it has sprung and holds. Null while disarmed. */
  readonly armed: { readonly home: Traffic; readonly deadline: Instant } | null;
  /** When it last took traffic home, by the target's clock, which tells one firing from another; null if it never did. */
  readonly firedAt: Instant | null;
}

/** What is really configured and running on one target. */
export interface TargetReading {
  readonly traffic: Traffic;
  /** Fence of the last write the target took; null if it has taken none. */
  readonly fence: Fence | null;
  readonly running: readonly Running[];
  readonly guard: GuardReading;
}

/** How the candidate answered its smoke tests. */
export type SmokeResult = { readonly kind: 'passed' } | { readonly kind: 'failed'; readonly detail: string };

/** A gate's answer. Only `open` lets a rollout begin. */
export type GateAnswer = { readonly gate: string } & (
  | {
      readonly kind: 'open';
      readonly admission?: Admission;
      /** What would have closed it where that is enforced. */
      readonly reported?: readonly Refusal[];
    }
  | { readonly kind: 'waiting'; readonly detail: string }
  | { readonly kind: 'closed'; readonly detail: string; readonly refusals?: readonly Refusal[] }
);

/** One answer of the metrics: the comparison, or null for "no data". */
export type SampleReading = Reading<Comparison | null>;

/** Everything a turn knows about the world. Targets and checks by name. */
export interface Observation {
  readonly targets: Readonly<Record<string, Reading<TargetReading>>>;
  /** Per target and check, for the questions that `questions` asked. */
  readonly samples: Readonly<Record<string, Readonly<Record<string, SampleReading>>>>;
  /** Per target, when the candidate was to be tested. */
  readonly smoke: Readonly<Record<string, SmokeResult>>;
  /** Per target, what it said when the last turn wanted something of it and was refused. */
  readonly refusals: Readonly<Record<string, string>>;
  /** While gating, and when what they let in has to be seen again. */
  readonly gates: readonly GateAnswer[];
  /** After the end: the verdict that was attached, and what keeps it from being; null where none is due. */
  readonly verdict: { readonly attested: Attested | null; readonly trouble: string | null } | null;
  readonly commands: readonly PendingCommand[];
  /** Whether a later rollout of the same service and environment has begun: an ended one then keeps its hands off. */
  readonly overtaken: boolean;
}
