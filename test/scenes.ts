import { usualSettings } from '../src/core/analysis/settings.ts';
import type { Scene } from '../src/core/forecast/scene.ts';
import type { Step } from '../src/core/plan.ts';

/** Five minutes, as the published figures assume them. */
const FIVE_MINUTES: Step = { weight: 10, hold: 300_000 };

export interface SceneChanges extends Partial<Scene> {
  readonly rps?: number;
  /** Percent. */
  readonly weight?: number;
}

/** Five minutes of 100 requests a second, a tenth of them to the candidate; stable fails one in a thousand; only failures are judged. */
export function scene({ rps = 100, weight = 10, stable = 0.001, ...changes }: SceneChanges = {}): Scene {
  return {
    settings: { ...usualSettings([FIVE_MINUTES]), weights: { errors: 1, latency: 0, traffic: 0 } },
    targets: 1,
    requestsPerSecond: { stable: (rps * (100 - weight)) / 100, candidate: (rps * weight) / 100 },
    stable,
    history: { requests: 27_000, bad: 27_000 * stable },
    settling: 0,
    hold: changes.judged ?? FIVE_MINUTES.hold,
    judged: FIVE_MINUTES.hold,
    freshness: { every: 1_000, lag: 0, switching: 0 },
    ...changes,
  };
}

/** Fails unless the number lies within the distance of what is expected. */
export function near(actual: number, expected: number, distance: number): void {
  if (Math.abs(actual - expected) <= distance) return;
  throw new Error(`${actual} is not within ${distance} of ${expected}`);
}
