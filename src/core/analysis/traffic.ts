import type { Arms, Sample } from '../sample.ts';
import { afterBlock, logEvidence, type Mixture, type Moment, NO_BETS } from './mixture.ts';
import { ONCE } from './onset.ts';
import { type AnalysisSettings, blockCap } from './settings.ts';

/** Does the candidate end its share of the requests? One that hangs or cannot be reached may leave no failures to count. */
export interface TrafficEvidence {
  readonly against: Mixture;
  readonly inFavour: Mixture;
}

export const NO_TRAFFIC_SEEN: TrafficEvidence = { against: NO_BETS, inFavour: NO_BETS };

/** Part of its share of the requests that the candidate must at least end. */
const LEAST = 0.7;

/** Parts of that least share to which a silent candidate may have fallen. */
const SILENT = [0.5, 0.1, 0.01];

/** No share is bet to be nearer to 1. */
const HIGHEST = 0.98;

/**
 * A sequential test for sample ratio mismatch on completed requests (Lindon and Malek, "Anytime-valid inference for
 * multinomial count data", 2022): against the candidate, that it ends at least seven tenths of its share; in its favour, that it
 * ends at most so many. `share` is the candidate's share of the traffic, 0 to 1.
 */
export function learnTraffic(
  evidence: TrafficEvidence,
  settings: AnalysisSettings,
  arms: Arms<Sample>,
  share: number,
  moment: Moment,
): TrafficEvidence {
  const least = LEAST * share;
  const cap = blockCap(settings) ?? Infinity;
  const score = (other: number) => (least === 0 ? 0 : logRatio(arms, other, least));
  return {
    against: afterBlock(
      evidence.against,
      settings.onsets,
      SILENT.map((part) => Math.min(cap, score(part * least))),
      moment,
    ),
    inFavour: afterBlock(
      moment.isNewStep ? NO_BETS : evidence.inFavour,
      ONCE,
      [score(Math.min(share, HIGHEST))],
      moment,
    ),
  };
}

/** log evidence that the candidate is silent. */
export function trafficAgainst(evidence: TrafficEvidence, settings: AnalysisSettings): number {
  return logEvidence(evidence.against, settings.onsets);
}

/** log evidence that it is not. */
export function trafficInFavour(evidence: TrafficEvidence): number {
  return logEvidence(evidence.inFavour, ONCE);
}

function logRatio({ candidate, stable }: Arms<Sample>, share: number, least: number): number {
  return (
    candidate.requests * Math.log(share / least) + stable.requests * (Math.log1p(-share) - Math.log1p(-least))
  );
}
