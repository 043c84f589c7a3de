import { OFTEN, smallestFound } from './detectable.ts';
import { chanceAfter, computedFate } from './computed.ts';
import type { Fate, Scene } from './scene.ts';
import { isLittle, simulatedFate } from './simulated.ts';

/** The chance of being found in the step, at one error rate of the candidate. */
export interface CurvePoint {
  readonly rate: number;
  readonly found: number;
}

/** What a step can find: computed, or played with chance where there is little traffic. */
export interface Outlook {
  readonly isSimulated: boolean;
  /** The smallest error rate of the candidate that is found in four cases of five; null if not even a total failure is. */
  readonly smallest: number | null;
  fate(rate: number): Fate;
  /** The chance of being found by error rate, from `lowest` to 1, ascending. */
  curve(lowest: number): readonly CurvePoint[];
}

/** Runs of a simulation: to place a rate, and to tell what becomes of it. */
const SOME_RUNS = 400;
const MANY_RUNS = 1_000;

/** Bisections over all rates: computed ones are exact, simulated ones as rough as the simulation. */
const FINE = 20;
const ROUGH = 9;

/** Points of a curve for each factor of ten. */
const DENSE = 40;
const SPARSE = 5;

export function outlookOf(scene: Scene, seed: number): Outlook {
  const isSimulated = isLittle(scene);
  const chance = chanceIn(scene, seed);
  return {
    isSimulated,
    smallest: smallestFound(chance, scene.stable, isSimulated ? ROUGH : FINE),
    fate: (rate) => fateIn(scene, rate, seed),
    curve: (lowest) => curveOf(chance, lowest, isSimulated ? SPARSE : DENSE),
  };
}

/** What becomes of a candidate in a step, computed or played. */
export function fateIn(scene: Scene, rate: number, seed: number): Fate {
  return isLittle(scene) ? simulatedFate(scene, rate, MANY_RUNS, seed) : computedFate(scene, rate);
}

/** Whether a candidate that fails at `rate` is found in the step often enough. */
export function finds(scene: Scene, rate: number, seed: number): boolean {
  return chanceIn(scene, seed)(rate) >= OFTEN;
}

function chanceIn(scene: Scene, seed: number): (rate: number) => number {
  return isLittle(scene)
    ? (rate) => simulatedFate(scene, rate, SOME_RUNS, seed).found
    : (rate) => chanceAfter(scene, rate, scene.judged);
}

/** Below this, smaller rates need not be tried. */
const HARDLY = 0.001;

function curveOf(chance: (rate: number) => number, lowest: number, perDecade: number): readonly CurvePoint[] {
  const count = Math.max(1, Math.round(-Math.log10(lowest) * perDecade));
  const points: CurvePoint[] = [];
  let found = 1;
  for (let index = count; index >= 0; index -= 1) {
    const rate = lowest ** (1 - index / count);
    // What is played with chance may come out a little uneven, but a smaller failure is not found more often.
    found = found < HARDLY ? 0 : Math.min(found, chance(rate));
    points.push({ rate, found });
  }
  return points.toReversed();
}
