import type { AnalysisSettings } from '../analysis/settings.ts';
import type { Plan, Step } from '../plan.ts';
import type { Milliseconds } from '../time.ts';
import type { Freshness, Scene } from './scene.ts';

/** The traffic that a service is expected to have, on all its targets together. */
export interface ServiceTraffic {
  readonly requestsPerSecond: number;
  /** Share of stable's requests that fail. */
  readonly errorRate: number;
  /** Latency that 99 % of stable's requests do not exceed; null if it is not known. */
  readonly p99: Milliseconds | null;
}

/** What a forecast is made from. */
export interface Outset {
  readonly plan: Pick<Plan, 'steps' | 'analysis' | 'onInconclusive' | 'limits' | 'targets'>;
  readonly traffic: ServiceTraffic;
  readonly freshness: Freshness;
  /** Determines whatever is left to chance. */
  readonly seed: number;
}

/** How much of stable's past counts, and no more than so many requests of it. */
const PAST_SECONDS = 30 * 60;
const LONGEST_MEMORY = 30_000;

/** No slow request is waited for longer than this before a new weight is judged. */
const LONGEST_SETTLING: Milliseconds = 10_000;

/**
 * A step of the plan, or one that might be, as it is foreseen. What has not arrived at its end is not judged: the next step
 * begins anew.
 */
export function sceneOf(
  { plan, traffic, freshness }: Outset,
  settings: AnalysisSettings,
  { weight, hold }: Step,
): Scene {
  const targets = Math.max(1, plan.targets.length);
  const { requestsPerSecond, errorRate, p99 } = traffic;
  const remembered = Math.round(Math.min(LONGEST_MEMORY, (requestsPerSecond * PAST_SECONDS) / targets));
  const settling = Math.min(hold, (plan.analysis?.warmUp ?? 0) + Math.min(LONGEST_SETTLING, p99 ?? 0));
  return {
    settings,
    targets,
    requestsPerSecond: {
      stable: requestsPerSecond * (1 - weight / 100),
      candidate: (requestsPerSecond * weight) / 100,
    },
    stable: errorRate,
    history: { requests: remembered, bad: remembered * errorRate },
    hold,
    settling,
    judged: Math.max(0, hold - settling - freshness.lag),
    freshness,
  };
}
