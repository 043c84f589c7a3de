import { type Block, NOTHING } from '../analysis/count.ts';
import { analysisSettings } from '../judging/sequential.ts';
import type { Milliseconds } from '../time.ts';
import type { Caveat } from './caveat.ts';
import { findCaveats } from './caveats.ts';
import { countedAfter, courseOf, earliestEnd, endOf, isPassed } from './course.ts';
import { type Outset, sceneOf, type ServiceTraffic } from './outset.ts';
import { fateIn } from './outlook.ts';
import type { Freshness, Scene } from './scene.ts';
import {
  BAD_RATES,
  type BadRelease,
  type Foretold,
  forecastStep,
  type StepForecast,
} from './step-forecast.ts';

/** What a rollout would and would not find, and what it would cost. */
export interface Forecast {
  readonly traffic: ServiceTraffic;
  readonly freshness: Freshness;
  /** Largest chance that a release which is not worse is rolled back. */
  readonly alpha: number;
  readonly steps: readonly StepForecast[];
  /** Candidates that are bad from the start, over all steps, in the order of `BAD_RATES`. */
  readonly bad: readonly BadRelease[];
  readonly good: GoodRelease;
  readonly caveats: readonly Caveat[];
}

/** What becomes of a release that is as good as stable. */
export interface GoodRelease {
  /** From the first split of traffic, if no step ends before its time, and if all do as soon as they may. */
  readonly duration: Milliseconds;
  readonly earliest: Milliseconds;
  /** Whether it gets through without anybody's help. */
  readonly isPromoted: boolean;
}

/** What the plan can find with the traffic; null if it has no analysis, as nothing is known about the chances of plain limits. */
export function forecast(outset: Outset): Forecast | null {
  const { plan, traffic, freshness, seed } = outset;
  const settings = analysisSettings(plan);
  if (settings === null) return null;
  const foretold: Foretold[] = [];
  let before: Block = { stable: NOTHING, candidate: NOTHING };
  const lasting: Scene[] = [];
  let duration = 0;
  let earliest = 0;
  let isReached = true;
  for (const [index, step] of plan.steps.entries()) {
    const scene = sceneOf(outset, settings, step);
    const course = courseOf(plan, scene, before);
    foretold.push({
      scene,
      before,
      forecast: { ...forecastStep(scene, step, seed + index), course, isReached },
    });
    if (isReached) {
      const end = endOf(course, plan);
      duration += end;
      earliest += earliestEnd(plan, scene, course);
      lasting.push(lastingAs(scene, end));
    }
    isReached &&= isPassed(course);
    // If somebody helps it over the step, it is when it is held.
    before = countedAfter(scene, before, isPassed(course) ? endOf(course, plan) : course.after);
  }
  const steps = foretold.map((each) => each.forecast);
  const bad = BAD_RATES.map((rate) => overall(rate, lasting, seed));
  return {
    traffic,
    freshness,
    alpha: settings.alpha,
    steps,
    bad,
    good: { earliest, duration, isPromoted: isReached },
    caveats: findCaveats({ outset, settings, steps: foretold }),
  };
}

/** A step that goes on until `end` for want of evidence. */
function lastingAs(scene: Scene, end: Milliseconds): Scene {
  return { ...scene, hold: end, judged: Math.max(0, end - scene.settling - scene.freshness.lag) };
}

/** Over all steps, of which each begins anew: that evidence of earlier steps is kept makes it rather better. */
function overall(rate: number, steps: readonly Scene[], seed: number): BadRelease {
  let left = 1;
  let failed = 0;
  for (const [index, step] of steps.entries()) {
    const fate = fateIn(step, rate, seed + index);
    failed += left * fate.failed;
    left *= 1 - fate.found;
  }
  return { rate, found: 1 - left, failed };
}
