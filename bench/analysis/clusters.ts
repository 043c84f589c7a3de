import { errorCase } from '../../src/core/analysis/errors.ts';
import { type Halves, overdispersion } from '../../src/core/analysis/overdispersion.ts';
import { rollbackLimit } from '../../src/core/analysis/settings.ts';
import { seededRandom } from '../../src/core/random.ts';
import { errorSettings, process, relative } from './rules.ts';
import { alike, arm, incident, play, type Rule, type Scene, scene } from './scene.ts';

/** Each failure is retried on the same arm until it has failed three times, or ten times, on average. */
const RETRIES = { three: 2 / 3, ten: 9 / 10 };

const TEN_MINUTES = { seconds: 600 };

const SCENES: readonly { readonly name: string; readonly scene: Scene }[] = [
  { name: 'healthy, clusters of 3, 10 min', scene: scene({ ...TEN_MINUTES, retries: RETRIES.three }) },
  {
    name: 'healthy, clusters of 3, incident of both arms, 10 min',
    scene: alike(incident, { ...TEN_MINUTES, retries: RETRIES.three }),
  },
  { name: 'healthy, clusters of 10, 10 min', scene: scene({ ...TEN_MINUTES, retries: RETRIES.ten }) },
  { name: '5 %, clusters of 3', scene: scene({ retries: RETRIES.three, candidate: 0.05 }) },
  { name: '1 %, no clusters', scene: scene({ candidate: 0.01 }) },
  { name: '5 %, no clusters', scene: scene({ candidate: 0.05 }) },
  { name: '20 %, no clusters', scene: scene({ candidate: 0.2 }) },
  { name: '100 %, no clusters', scene: scene({ candidate: 1 }) },
];

/** Half an hour of two halves of stable's instances before the rollout, measured so often. */
function measured(retries: number, times: number): readonly (number | null)[] {
  const random = seededRandom(77);
  return Array.from({ length: times }, () =>
    overdispersion(
      Array.from({ length: 1_800 }, (): Halves => [
        arm(random, 50, 0.001, retries),
        arm(random, 50, 0.001, retries),
      ]),
    ),
  );
}

/** A rule whose runs take their measure of clusters in turn. */
function tempered(name: string, measures: readonly (number | null)[], cap: boolean): Rule {
  let next = 0;
  return {
    name,
    begin(history) {
      const errors = measures[next++ % measures.length] ?? null;
      const settings = errorSettings({ cap, overdispersion: { errors, latency: null } });
      return process(name, errorCase(settings).against, rollbackLimit(settings)).begin(history);
    },
  };
}

/** What clusters of failures on one arm do to the guarantee, and what the guards against them cost. */
export function clusters(runs: number): object {
  return {
    what: 'failures that are retried on the same arm and fail again',
    columns: SCENES.map(({ name, scene: clustered }, index) => {
      const measures = measured(clustered.retries, 50);
      const rules = [
        relative('no guard'),
        relative('capped', { cap: true }),
        tempered('tempered by measured clusters', measures, false),
        tempered('capped and tempered', measures, true),
      ];
      const known = measures.filter((measure) => measure !== null).toSorted((a, b) => a - b);
      return {
        scene: name,
        runs,
        seed: 600 + index,
        medianOverdispersion: known[Math.floor(known.length / 2)] ?? null,
        outcomes: play(clustered, rules, runs, 600 + index),
      };
    }),
  };
}
