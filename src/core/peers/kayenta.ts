import type { Block } from '../analysis/count.ts';
import { hodgesLehmann } from './mann-whitney.ts';
import { countOf, type Peer, shareOf } from './peer.ts';

/** Seconds of one point of the metric, between two judgements. */
export interface JudgeRule {
  readonly point: number;
  readonly every: number;
}

/** Part of the estimated shift that the lower end of its confidence interval must exceed; fixed in the code. */
const TOLERANCE = 0.25;

/**
 * Kayenta's NetflixACAJudge on the error percentage of candidate and stable, direction "increase", judged by all points so far:
 * it fails when the 98 % interval of the shift lies beyond a quarter of the estimate and the mean is not smaller.
 * spinnaker/kayenta, MannWhitneyClassifier.scala and NetflixACAJudge.scala.
 */
export function kayenta(name: string, { point, every }: JudgeRule): Peer {
  return {
    name,
    rollsBack(seconds) {
      if (seconds.length % every !== 0) return false;
      const candidate = points(seconds, 'candidate', point);
      const stable = points(seconds, 'stable', point);
      if (candidate.length === 0 || stable.length === 0) return false;
      if (new Set([...candidate, ...stable]).size === 1) return false;
      const { low, estimate } = hodgesLehmann(candidate, stable);
      return low > TOLERANCE * Math.abs(estimate) && mean(candidate) >= mean(stable);
    },
  };
}

/** Error percentages; points without requests are left out. */
function points(seconds: readonly Block[], arm: keyof Block, length: number): readonly number[] {
  const values: number[] = [];
  for (let from = 0; from + length <= seconds.length; from += length) {
    const share = shareOf(countOf(seconds, arm, from, from + length));
    if (share !== null) values.push(100 * share);
  }
  return values;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
