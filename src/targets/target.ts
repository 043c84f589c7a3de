import type { SmokeResult, TargetReading } from '../core/observation.ts';
import type { SmokeTest } from '../core/plan.ts';
import type { Release } from '../core/release.ts';
import type { Fence, Percent, Traffic } from '../core/traffic.ts';

/**
 * A place that runs the service and splits its traffic. An adapter knows no steps and no phases: it says what is, and
 * makes it so. Every verb may be called again at any time, and rejects with an error whose message a person can act on.
 */
export interface Target {
  readonly kind: string;
  /** Smallest change of weight that the platform honours, in percent. */
  readonly granularity: Percent;
  /** Begins to bring a release up without any traffic. Returns at once; `observe` tells how it goes. */
  prepare(release: Release, fence: Fence, signal: AbortSignal): Promise<void>;
  /** What is really configured and running. Changes nothing. */
  observe(signal: AbortSignal): Promise<TargetReading>;
  /** Splits traffic as desired. Idempotent; refuses a fence older than one it has seen. */
  apply(desired: Traffic, fence: Fence, signal: AbortSignal): Promise<void>;
  /** Lets go of a release that takes no traffic: drains and stops it. */
  retire(release: Release, fence: Fence, signal: AbortSignal): Promise<void>;
  /** Sends the smoke tests to a running release, whatever the weights are. */
  smoke(release: Release, tests: readonly SmokeTest[], signal: AbortSignal): Promise<SmokeResult>;
}

/** Why a target refuses or fails. */
export type TargetErrorCode =
  | 'unreachable'
  | 'fenced'
  | 'refused'
  | 'not-prepared'
  | 'port-in-use'
  | 'bad-settings';

/** A verb that failed. The message names target and remedy. */
export class TargetError extends Error {
  readonly code: TargetErrorCode;

  constructor(code: TargetErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TargetError';
    this.code = code;
  }
}
