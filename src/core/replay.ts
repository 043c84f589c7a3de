import { addCounts, type Count, errorsOf, NOTHING } from './analysis/count.ts';
import { type Interval, learn } from './analysis/evidence.ts';
import { firstEvidence } from './judging/hearing.ts';
import type { Plan } from './plan.ts';
import type { Reason } from './reason.ts';
import type { Rollout } from './rollout.ts';
import { analysisFindings, analysisSettings, assessment } from './judging/sequential.ts';
import type { Milliseconds } from './time.ts';

/** How a recorded rollout would have gone under some rules. */
export interface Replayed {
  /** When it would have been stopped, from the first interval on, and why; null if the record ends before that. */
  readonly stopped: { readonly after: Milliseconds; readonly reason: Reason } | null;
  /** What the candidate was sent until then, and how many of it failed. */
  readonly candidate: Count;
  /** The strongest evidence against the candidate until then, as a share of what a rollback takes. */
  readonly strongest: number;
}

/** Judges a record again by the analysis of `rules`; null if they have none. The same rules come to the same end. */
export function replay(
  rollout: Rollout,
  intervals: readonly Interval[],
  rules: Pick<Plan, 'analysis' | 'steps'>,
): Replayed | null {
  const plan: Plan = { ...rollout.plan, analysis: rules.analysis };
  const settings = analysisSettings(plan);
  if (settings === null) return null;
  let evidence = firstEvidence({ ...rollout, plan }, settings);
  let candidate = NOTHING;
  let strongest = 0;
  for (const interval of intervals) {
    evidence = learn(evidence, settings, interval);
    candidate = addCounts(candidate, errorsOf(interval.arms.candidate));
    const judged = { ...rollout, plan, evidence, phase: holding(interval) };
    strongest = Math.max(strongest, assessment(judged)?.progress ?? 0);
    const failed = analysisFindings(judged).find(({ kind }) => kind === 'fail');
    if (failed !== undefined) {
      const after = interval.to - (intervals[0]?.from ?? interval.from);
      return { stopped: { after, reason: failed.reason }, candidate, strongest };
    }
  }
  return { stopped: null, candidate, strongest };
}

function holding({ step, to }: Interval): Rollout['phase'] {
  return { kind: 'progressing', stage: 'holding', step, since: to, watched: 0 };
}
