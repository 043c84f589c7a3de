import type { Count } from '../analysis/count.ts';
import type { AnalysisSettings } from '../analysis/settings.ts';
import type { Arms } from '../sample.ts';
import type { Milliseconds } from '../time.ts';

/** How soon bad news is seen and acted on. */
export interface Freshness {
  /** Time between two looks at the metrics. */
  readonly every: Milliseconds;
  /** Time until a request that has ended can be seen in the metrics. */
  readonly lag: Milliseconds;
  /** Time from the decision until no more requests go to the candidate. */
  readonly switching: Milliseconds;
}

/** A step of a rollout as it is foreseen: steady traffic, the same on all targets. */
export interface Scene {
  readonly settings: AnalysisSettings;
  readonly targets: number;
  /** Of all targets together. */
  readonly requestsPerSecond: Arms<number>;
  /** Stable's share of failed requests. */
  readonly stable: number;
  /** Stable's requests before the rollout, of one target. */
  readonly history: Count;
  /** Time at the weight. */
  readonly hold: Milliseconds;
  /** Time at the beginning that is not judged. */
  readonly settling: Milliseconds;
  /** Time that is judged. */
  readonly judged: Milliseconds;
  readonly freshness: Freshness;
}

/** What becomes of a candidate that fails a share of its requests from the beginning of a step. */
export interface Fate {
  readonly rate: number;
  /** Chance that it is found in the step. */
  readonly found: number;
  /** Expected failed requests until it is back, or the step ends. */
  readonly failed: number;
  /** Time after which half of such candidates are back; null if fewer are. */
  readonly backAfter: Milliseconds | null;
}

/** Requests of both arms in so much time. */
export function requestsIn({ requestsPerSecond }: Scene, time: Milliseconds): Arms<number> {
  return {
    stable: (requestsPerSecond.stable * time) / 1_000,
    candidate: (requestsPerSecond.candidate * time) / 1_000,
  };
}

/**
 * Expected failed requests until the candidate is back or the step ends, if it is not found yet for `unfound` of the judged
 * time in the mean, and in the end with a chance of `found`.
 */
export function failedRequests(scene: Scene, rate: number, unfound: Milliseconds, found: number): number {
  const { lag, switching } = scene.freshness;
  const time = Math.min(scene.hold, scene.settling + unfound + lag) + found * switching;
  return requestsIn(scene, time).candidate * rate;
}

/** Time from the beginning of the step until the candidate is back, if it is found after so much judged time. */
export function backAfter({ settling, freshness }: Scene, judged: Milliseconds): Milliseconds {
  return settling + judged + freshness.lag + freshness.switching;
}
