import type { ApprovalRule } from './permission/approval.ts';
import type { FreezeWindow } from './permission/freeze.ts';
import type { Percent } from './traffic.ts';
import type { Milliseconds } from './time.ts';

/** What happens when a check fails. */
export type OnFailure = 'rollback' | 'hold' | 'report';

/** What happens when a step ends and its checks could not decide. */
export type OnInconclusive = 'hold' | 'promote' | 'rollback';

/**
 * A plain limit on the candidate: it fails when the candidate is beyond `max` over the last `window`, with at least
 * `minRequests`, and clearly worse than stable.
 */
export interface ThresholdCheck {
  readonly kind: 'threshold';
  readonly name: string;
  readonly measure: Measure;
  /** Share of requests, 0 to 1, for errors; milliseconds for latency. */
  readonly max: number;
  readonly minRequests: number;
  readonly window: Milliseconds;
  readonly onFailure: OnFailure;
}

/** What a check looks at. */
export type Measure = { readonly of: 'errors' } | { readonly of: 'latency'; readonly quantile: number };

export type Check = ThresholdCheck;

/** How the candidate is judged against stable by sequential statistics. Shares are from 0 to 1. */
export interface Analysis {
  /** Largest probability that a candidate which is not worse is rolled back, over the whole rollout. */
  readonly alpha: number;
  /** How much larger the candidate's share of failed requests may be. */
  readonly maxIncrease: number;
  /** How much longer the candidate's requests may take, as a share of those of stable. */
  readonly maxSlowdown: number;
  /** Slowdowns below this do not matter at all. */
  readonly ignoreSlowdown: Milliseconds;
  readonly slo: { readonly errors: number | null; readonly latency: Milliseconds | null };
  /** Share of failing requests that a step must be able to find if it is to prove anything. */
  readonly mustFind: number;
  /** Whether a step may end when the candidate is proved to be worse by less than `margin`, but not before `after`. */
  readonly promoteEarly: { readonly margin: number; readonly after: Milliseconds } | null;
  /** What keeps failures that come in clusters from being taken for many. */
  readonly clusters: { readonly overdispersion: number; readonly isCapped: boolean };
  /** Whether a candidate that answers far less than its share is worse. */
  readonly presence: boolean;
  /** Time after each change of weight that is not judged, besides the time that slow requests take. */
  readonly warmUp: Milliseconds;
  readonly onFailure: OnFailure;
}

/** One stage of a rollout: how much traffic, and how long it is watched at that. */
export interface Step {
  readonly weight: Percent;
  readonly hold: Milliseconds;
}

/** A request that the candidate must answer before it gets any user's traffic. */
export interface SmokeTest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number;
  /** Text that the body must contain. */
  readonly contains: string | null;
  readonly timeout: Milliseconds;
}

/** A target as the rollout found it in the configuration; `settings` belong to the adapter. */
export interface PlannedTarget {
  readonly name: string;
  readonly kind: string;
  readonly settings: unknown;
}

/** How long the rollout waits for others before it draws a conclusion. Time when nobody watched does not count. */
export interface Limits {
  /** For the candidate to be up and healthy on every target. */
  readonly prepare: Milliseconds;
  /** For a target to follow a change of traffic. */
  readonly follow: Milliseconds;
  /** For a target or its metrics to be unreadable while traffic is split. */
  readonly blind: Milliseconds;
  /** For a person to decide about a held rollout. */
  readonly held: Milliseconds;
}

/** What a rollout is for: to deliver a release, or to return to an earlier one, which blocks the one that it replaces. */
export type Purpose = 'deliver' | 'return';

/** The steps and rules of a rollout. Fixed at its start: later changes of the configuration are for the next one. */
export interface Plan {
  readonly purpose: Purpose;
  readonly targets: readonly PlannedTarget[];
  /** Ascending weights; empty means straight up behind the smoke tests. */
  readonly steps: readonly Step[];
  /** Null: only the checks judge. */
  readonly analysis: Analysis | null;
  readonly checks: readonly Check[];
  readonly smoke: readonly SmokeTest[];
  readonly onInconclusive: OnInconclusive;
  readonly limits: Limits;
  /** Time after promotion in which the old release stays warm. */
  readonly rollbackWindow: Milliseconds;
  /** Time after the end in which the targets are still watched and repaired, against late writes of a frozen controller. */
  readonly quarantine: Milliseconds;
  /** The longest time between two turns while the rollout is under way. */
  readonly turnEvery: Milliseconds;
  /** How long after the last sign of life of the controller the guard takes traffic home. */
  readonly guardAfter: Milliseconds;
  /** What an image must bring, for the gate that asks; null where any release may be deployed. */
  readonly policy: unknown;
  /** What signs the verdict, for whoever signs it; null where verdicts are not signed. */
  readonly notary: unknown;
  /** Null: nobody has to say yes. */
  readonly approval: ApprovalRule | null;
  readonly freeze: readonly FreezeWindow[];
  /** The environment in which the candidate must have been promoted before; null for none. */
  readonly after: string | null;
  /** How long ago that must have been. */
  readonly soak: Milliseconds;
  /** How often evidence is looked at again while the rollout is under way, at the least. */
  readonly recheckEvery: Milliseconds;
  /** How long a gate stays overruled after a second person has allowed it. */
  readonly overrideFor: Milliseconds;
}
