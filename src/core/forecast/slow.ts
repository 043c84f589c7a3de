import { IS_SLOWER } from '../analysis/alternative.ts';
import { firstStake } from '../analysis/onset.ts';
import { metricWeights, rollbackLimit, temperOf } from '../analysis/settings.ts';
import { smallestFound } from './detectable.ts';
import { power, type Trigger } from './power.ts';
import { requestsIn, type Scene } from './scene.ts';
import { isLittle } from './simulated.ts';

/** The rollout compares latencies at so many thresholds, of which only the slowest is looked at here. */
const THRESHOLDS = 5;

/** Share of stable's requests beyond that threshold. */
const SLOW = 0.01;

const HALVINGS = 20;

/**
 * The smallest share of the candidate's requests which is found in four cases of five if it lies beyond what is tolerated where
 * one in a hundred of stable's does; null if there is too little traffic.
 */
export function smallestSlowShare(scene: Scene): number | null {
  if (isLittle(scene)) return null;
  const trigger = slownessTrigger(scene);
  const { stable, candidate } = requestsIn(scene, scene.judged);
  const requests = { stable: stable / scene.targets, candidate: candidate / scene.targets };
  return smallestFound(
    (share) => power(trigger, { requests, rates: { stable: SLOW, candidate: share } }),
    SLOW,
    HALVINGS,
  );
}

/** One bet at one threshold on one target wins all that is needed. */
function slownessTrigger({ settings, targets }: Scene): Trigger {
  const weight = metricWeights(settings).find(({ metric }) => metric === 'latency')?.weight ?? 0;
  const { overdispersion, onsets } = settings;
  const part = (weight / THRESHOLDS) * (firstStake(onsets) / IS_SLOWER.length);
  const needed = rollbackLimit(settings) - Math.log(part) + (targets > 1 ? Math.log(2 * targets) : 0);
  const temper = Math.min(temperOf(overdispersion.errors), temperOf(overdispersion.latency));
  return {
    hypothesis: { offset: 0, slope: 1, side: 'at-most' },
    alternatives: IS_SLOWER,
    needed: needed / temper,
  };
}
