import { expectedRate } from '../analysis/e-process.ts';
import { blockCap, leastBlockTime, rollbackLimit } from '../analysis/settings.ts';
import type { Milliseconds } from '../time.ts';
import { power } from './power.ts';
import { backAfter, failedRequests, type Fate, requestsIn, type Scene } from './scene.ts';
import { waysToRollback } from './trigger.ts';

/** The chance that a candidate which fails at `rate` has been found after so much judged time. */
export function chanceAfter(scene: Scene, rate: number, time: Milliseconds): number {
  if (time < earliest(scene)) return 0;
  const { stable, candidate } = requestsIn(scene, time);
  const chances = waysToRollback(scene.settings, scene.targets).map(({ trigger, part }) =>
    power(trigger, {
      requests: { stable: stable * part, candidate: candidate * part },
      rates: { stable: scene.stable, candidate: rate },
      expected: expectedRate(scene.history),
    }),
  );
  return Math.max(...chances);
}

/** What becomes of the candidate by computation alone, without chance: quick, and exact enough where there are many blocks. */
export function computedFate(scene: Scene, rate: number): Fate {
  const every = lookEvery(scene);
  let found = 0;
  let unfound: Milliseconds = 0;
  let median: Milliseconds | null = null;
  let looked = 0;
  for (const look of looks(Math.max(1, Math.floor(scene.judged / every)))) {
    const time = Math.min(look * every, scene.judged);
    // It may not fall, as what was found stays found.
    const now = Math.max(found, chanceAfter(scene, rate, time));
    // Between the looks that are computed, the chance rises evenly from look to look.
    const between = look - looked;
    unfound += every * (between * (1 - found) - ((now - found) * (between - 1)) / 2);
    if (median === null && now >= 0.5) median = time;
    found = now;
    looked = look;
  }
  unfound += Math.max(0, scene.judged - looked * every) * (1 - found);
  return {
    rate,
    found,
    failed: failedRequests(scene, rate, unfound, found),
    backAfter: median === null ? null : backAfter(scene, median),
  };
}

/** Looks that are computed one by one; of the later ones, each a twentieth later than the one before. */
const ONE_BY_ONE = 40;
const LATER = 1.05;

function looks(count: number): readonly number[] {
  const chosen: number[] = [];
  for (let look = 1; look < count; look = look < ONE_BY_ONE ? look + 1 : Math.ceil(look * LATER))
    chosen.push(look);
  return [...chosen, count];
}

/** Time between two blocks of a target: there must be news, and enough requests. */
function lookEvery({ settings, targets, requestsPerSecond, freshness, judged }: Scene): Milliseconds {
  const perTarget = (requestsPerSecond.stable + requestsPerSecond.candidate) / targets;
  const filled = (1_000 * settings.block.minimumRequests) / perTarget;
  return Math.min(judged, Math.max(freshness.every, leastBlockTime(settings), filled));
}

/** Where a block may bring only so much evidence, several must come together. */
function earliest(scene: Scene): Milliseconds {
  const cap = blockCap(scene.settings);
  if (cap === null) return 0;
  return Math.ceil(rollbackLimit(scene.settings) / cap) * lookEvery(scene);
}
