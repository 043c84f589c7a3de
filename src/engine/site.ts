import type { Rollout } from '../core/rollout.ts';
import type { Guard } from '../guards/guard.ts';
import type { MetricSource } from '../metrics/metric-source.ts';
import type { Target } from '../targets/target.ts';

/** All that the engine has of one target. */
export interface Site {
  readonly target: Target;
  readonly guard: Guard;
  readonly metrics: MetricSource;
}

/** The sites of a rollout by target name, made from what its plan says about them. */
export type Sites = Readonly<Record<string, Site>>;

/** Finds the sites of a rollout. Called at every turn; whoever implements it keeps what is costly to make. */
export type FindSites = (rollout: Rollout) => Promise<Sites>;
