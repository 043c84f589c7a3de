import { errorCase, sloCase } from '../analysis/errors.ts';
import { firstStake } from '../analysis/onset.ts';
import type { ProcessSettings } from '../analysis/e-process.ts';
import { type AnalysisSettings, metricWeights, rollbackLimit } from '../analysis/settings.ts';
import type { Trigger } from './power.ts';

/** A process of each target that hears about failures, and its share of the evidence. */
export interface Hearing {
  readonly process: ProcessSettings;
  readonly weight: number;
}

/** What failures are judged by: against stable's, and against a limit where there is one. */
export function hearings(settings: AnalysisSettings): readonly Hearing[] {
  return metricWeights(settings).flatMap(({ metric, weight }): readonly Hearing[] => {
    if (metric === 'errors') return [{ process: errorCase(settings).against, weight }];
    const limit = settings.slo.errors;
    return metric === 'slo' && limit !== null ? [{ process: sloCase(settings, limit).against, weight }] : [];
  });
}

/** A way to roll back, and the part of all requests that it hears of. */
export interface Way {
  readonly trigger: Trigger;
  readonly part: number;
}

/**
 * The ways in which failures alone roll back a candidate that is bad from the start: one bet of one target wins all that is
 * needed, or, where there are several targets, the same bet wins on all of them and their evidence multiplies up.
 */
export function waysToRollback(settings: AnalysisSettings, targets: number): readonly Way[] {
  const limit = rollbackLimit(settings);
  return hearings(settings).flatMap(({ process, weight }) => {
    const { hypothesis, alternatives, temper } = process;
    const shares = Math.log(alternatives.length) - Math.log(firstStake(process.onsets)) - Math.log(weight);
    const way = (part: number, needed: number): Way => ({
      trigger: { hypothesis, alternatives, needed: needed / temper },
      part,
    });
    if (targets === 1) return [way(1, limit + shares)];
    return [
      way(1 / targets, limit + Math.log(2 * targets) + shares),
      way(1, limit + Math.LN2 + targets * shares),
    ];
  });
}
