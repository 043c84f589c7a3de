import { addCounts, type Block, NOTHING } from '../analysis/count.ts';
import { errorCase } from '../analysis/errors.ts';
import { boundary, logBlockEValue } from '../analysis/linear-null.ts';
import { promotionLimit } from '../analysis/settings.ts';
import { EXTENSION } from '../turn/phases/progressing.ts';
import type { Plan } from '../plan.ts';
import type { Milliseconds } from '../time.ts';
import { requestsIn, type Scene } from './scene.ts';
import { wouldFind } from './would-find.ts';

/** How a step goes for a release that is as good as stable. */
export type Course =
  /** There is enough evidence at its end, or comes while it is extended: the rollout goes on. */
  | { readonly kind: 'goes-on'; readonly after: Milliseconds }
  /** There is not, and the plan says to go on all the same. */
  | { readonly kind: 'goes-on-unproved'; readonly after: Milliseconds }
  /** There is not, and a person is asked; by itself it goes on at `until`, or is given up if that is null. */
  | { readonly kind: 'held'; readonly after: Milliseconds; readonly until: Milliseconds | null }
  /** There is not, and the plan says to go back. */
  | { readonly kind: 'goes-back'; readonly after: Milliseconds };

export type CoursePlan = Pick<Plan, 'analysis' | 'onInconclusive' | 'limits'>;

/** How the step goes, after `before` has been counted on each target in the steps before it. */
export function courseOf(plan: CoursePlan, scene: Scene, before: Block): Course {
  const { hold } = scene;
  const isProved = (time: Milliseconds): boolean => isEnough(plan, scene, before, time);
  if (plan.analysis?.onFailure === 'report' || isProved(hold)) return { kind: 'goes-on', after: hold };
  const after = EXTENSION * hold;
  if (isProved(after)) return { kind: 'goes-on', after: firstTime(hold, after, isProved) };
  switch (plan.onInconclusive) {
    case 'promote':
      return { kind: 'goes-on-unproved', after };
    case 'rollback':
      return { kind: 'goes-back', after };
    case 'hold': {
      const end = after + plan.limits.held;
      return { kind: 'held', after, until: isProved(end) ? firstTime(after, end, isProved) : null };
    }
    default:
      return plan.onInconclusive satisfies never;
  }
}

/** Whether the rollout goes on in the end without anybody's help. */
export function isPassed(course: Course): boolean {
  return course.kind === 'held' ? course.until !== null : course.kind !== 'goes-back';
}

/** When the step ends at last: the rollout goes on, or is given up. */
export function endOf(course: Course, plan: CoursePlan): Milliseconds {
  if (course.kind !== 'held') return course.after;
  return course.until ?? course.after + plan.limits.held;
}

/**
 * When the step can end at the earliest: before its time if the plan allows it, and failures prove the candidate good enough. The
 * other measures must do so as well, so it may take longer.
 */
export function earliestEnd(plan: CoursePlan, scene: Scene, course: Course): Milliseconds {
  const early = plan.analysis?.promoteEarly ?? null;
  if (early === null || course.kind !== 'goes-on') return endOf(course, plan);
  const { settings, settling, judged, freshness } = scene;
  const { hypothesis, alternatives, temper } = errorCase(settings).inFavour;
  const counted = countedAfter(scene, NO_COUNTS, scene.hold);
  const edge = boundary(hypothesis, scene.stable);
  const rates = { stable: scene.stable, candidate: Math.min(scene.stable, edge) };
  const gained = temper * logBlockEValue(counted, rates, hypothesis);
  const needed = promotionLimit(settings) + Math.log(alternatives.length);
  const proved = settling + freshness.lag + judged * (needed / gained);
  const sooner = Math.max(early.after, proved);
  return gained > 0 && sooner < course.after ? sooner : course.after;
}

const NO_COUNTS: Block = { stable: NOTHING, candidate: NOTHING };

/** What is counted on each target after so much time of the step. */
export function countedAfter(scene: Scene, before: Block, time: Milliseconds): Block {
  const { stable, candidate } = requestsIn(scene, Math.max(0, time - scene.settling - scene.freshness.lag));
  const count = (requests: number) => ({
    requests: Math.round(requests / scene.targets),
    bad: Math.round((requests / scene.targets) * scene.stable),
  });
  return {
    stable: addCounts(before.stable, count(stable)),
    candidate: addCounts(before.candidate, count(candidate)),
  };
}

/** Whether a candidate that fails as much as must be found would have been found: the question at the end of a step. */
export function isEnough(
  { analysis }: Pick<Plan, 'analysis'>,
  scene: Scene,
  before: Block,
  time: Milliseconds,
): boolean {
  const { settings, targets, history } = scene;
  const counted = countedAfter(scene, before, time);
  return (
    counted.candidate.requests > 0 &&
    wouldFind(analysis?.mustFind ?? 1, counted, addCounts(history, counted.stable), { settings, targets })
  );
}

/** A hundredth of the range is near enough. */
const HALVINGS = 7;

function firstTime(
  tooSoon: Milliseconds,
  inTime: Milliseconds,
  isSo: (time: Milliseconds) => boolean,
): Milliseconds {
  let [low, high] = [tooSoon, inTime];
  for (let round = 0; round < HALVINGS; round += 1) {
    const middle = (low + high) / 2;
    if (isSo(middle)) high = middle;
    else low = middle;
  }
  return Math.round(high);
}
