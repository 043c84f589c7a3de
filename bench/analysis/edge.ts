import { FAILS_MORE, IS_AS_GOOD } from '../../src/core/analysis/alternative.ts';
import type { ProcessSettings } from '../../src/core/analysis/e-process.ts';
import { boundary, type LinearNull } from '../../src/core/analysis/linear-null.ts';
import { ONCE } from '../../src/core/analysis/onset.ts';
import { usualSettings } from '../../src/core/analysis/settings.ts';
import { process } from './rules.ts';
import { play, scene } from './scene.ts';

const HYPOTHESES: readonly LinearNull[] = [
  { offset: 0, slope: 1, side: 'at-most' },
  { offset: 0.002, slope: 1, side: 'at-most' },
  { offset: 0.002, slope: 1, side: 'at-least' },
  { offset: 0, slope: 1.5, side: 'at-most' },
  { offset: 0, slope: 1.5, side: 'at-least' },
  { offset: 0.001, slope: 1.2, side: 'at-most' },
  { offset: 0.001, slope: 1.2, side: 'at-least' },
];
const STABLE = [0.001, 0.02, 0.3];
const SHARES = [0.02, 0.1, 0.5];
const SECONDS = 1_800;

/** How often a true hypothesis is rejected at 5 % when the rates lie exactly on its edge, looking every 5 s for half an hour. */
export function edge(runs: number): object {
  const cells = HYPOTHESES.flatMap((hypothesis) =>
    STABLE.flatMap((stable) => SHARES.map((share) => ({ hypothesis, stable, share }))),
  );
  return {
    what: 'rejections of a true hypothesis at a nominal 5 %, 100 requests a second, 30 minutes, looking every 5 s',
    runs,
    cells: cells.map(({ hypothesis, stable, share }, index) => {
      const candidate = boundary(hypothesis, stable);
      const watched = scene({ stable, candidate, share, seconds: SECONDS, tick: 5 });
      const rule = process('rejected', settingsFor(hypothesis), -Math.log(0.05));
      const [outcome] = play(watched, [rule], runs, 1_000 + index);
      return { ...hypothesis, stable, share, seed: 1_000 + index, rejected: outcome?.rolledBack };
    }),
  };
}

function settingsFor(hypothesis: LinearNull): ProcessSettings {
  const { onsets } = usualSettings([{ weight: 10, hold: SECONDS * 1_000 }]);
  return hypothesis.side === 'at-most'
    ? { hypothesis, alternatives: FAILS_MORE, onsets, temper: 1, cap: null }
    : { hypothesis, alternatives: IS_AS_GOOD, onsets: ONCE, temper: 1, cap: null };
}
