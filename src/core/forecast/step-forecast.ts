import type { Block } from '../analysis/count.ts';
import type { Step } from '../plan.ts';
import type { Arms } from '../sample.ts';
import type { Course } from './course.ts';
import { type CurvePoint, outlookOf } from './outlook.ts';
import { type Fate, requestsIn, type Scene } from './scene.ts';

/** What a step can and cannot find. */
export interface StepForecast {
  readonly step: Step;
  /** Requests that are judged. */
  readonly requests: Arms<number>;
  /** Whether it was played with chance, as there is too little traffic to compute. */
  readonly isSimulated: boolean;
  /** The smallest error rate of the candidate that is found in four cases of five by this step alone; null if none is. */
  readonly smallest: number | null;
  /** What becomes of bad candidates in this step, in the order of `BAD_RATES`. */
  readonly fates: readonly Fate[];
  readonly curve: readonly CurvePoint[];
  /** How it goes for a release that is as good as stable, and whether the rollout gets there without a person's help. */
  readonly course: Course;
  readonly isReached: boolean;
}

/** A forecast, and what it was made from. */
export interface Foretold {
  readonly scene: Scene;
  /** What a good release has been counted for on each target in the steps before. */
  readonly before: Block;
  readonly forecast: StepForecast;
}

/** What becomes of a release that fails a share of its requests from the beginning of the rollout. */
export interface BadRelease {
  readonly rate: number;
  /** Chance that it is found before it gets all traffic. */
  readonly found: number;
  /** Expected failed requests until then. */
  readonly failed: number;
}

/** Error rates of the bad releases that are foretold: one that fails now and then, and one that does not work at all. */
export const BAD_RATES = [0.05, 1] as const;

export function forecastStep(
  scene: Scene,
  step: Step,
  seed: number,
): Omit<StepForecast, 'course' | 'isReached'> {
  const outlook = outlookOf(scene, seed);
  return {
    step,
    requests: requestsIn(scene, scene.judged),
    isSimulated: outlook.isSimulated,
    smallest: outlook.smallest,
    fates: BAD_RATES.map(outlook.fate),
    curve: outlook.curve(lowestShown(scene.stable)),
  };
}

/** Where pictures begin: the power of ten below stable's error rate, within reason. */
function lowestShown(stable: number): number {
  return 10 ** Math.min(-2, Math.max(-5, Math.floor(Math.log10(Math.max(stable, 1e-5)))));
}
