import { errorCase } from '../../src/core/analysis/errors.ts';
import { project } from '../../src/core/analysis/linear-null.ts';
import { promotionLimit } from '../../src/core/analysis/settings.ts';
import { divergence } from './lower-bound.ts';
import { errorSettings, process } from './rules.ts';
import { play, scene } from './scene.ts';

const TRAFFIC = [
  { requestsPerSecond: 100, share: 0.1 },
  { requestsPerSecond: 100, share: 0.5 },
  { requestsPerSecond: 1_000, share: 0.1 },
  { requestsPerSecond: 10, share: 0.1 },
];
const MARGINS = [0.0025, 0.005, 0.01];
const STABLE = 0.001;
const SECONDS = 900;

/** How soon a step may end early, and how often it does for a candidate that is worse by just the margin. */
export function promotion(runs: number): object {
  const cells = TRAFFIC.flatMap((traffic) => MARGINS.map((margin) => ({ traffic, margin })));
  return {
    what: 'early promotion: stable fails 0.1 %, 15 minutes at most',
    rows: cells.map(({ traffic, margin }, index) => {
      const settings = errorSettings({ promotion: { margin, minimumHold: 0 } });
      const rule = process('promoted', errorCase(settings).inFavour, promotionLimit(settings));
      const promoted = [STABLE, 2 * STABLE, STABLE + margin].map((candidate, column) => {
        const { requestsPerSecond, share } = traffic;
        const watched = scene({
          candidate,
          share,
          requestsPerSecond: () => requestsPerSecond,
          seconds: SECONDS,
        });
        const seed = 800 + 3 * index + column;
        const [outcome] = play(watched, [rule], runs, seed);
        return { candidate, seed, share: outcome?.rolledBack, medianSeconds: outcome?.medianSeconds };
      });
      return { ...traffic, margin, runs, boundSeconds: leastSeconds(traffic, margin), promoted };
    }),
  };
}

/** log(1/beta) over the information that a candidate as good as stable gives in a second. */
function leastSeconds({ requestsPerSecond, share }: (typeof TRAFFIC)[number], margin: number): number {
  const settings = errorSettings({ promotion: { margin, minimumHold: 0 } });
  const sizes = { candidate: requestsPerSecond * share, stable: requestsPerSecond * (1 - share) };
  const nearest = project(
    { candidate: STABLE, stable: STABLE },
    errorCase(settings).inFavour.hypothesis,
    sizes,
  );
  const perSecond =
    sizes.candidate * divergence(STABLE, nearest.candidate) +
    sizes.stable * divergence(STABLE, nearest.stable);
  return promotionLimit(settings) / perSecond;
}
