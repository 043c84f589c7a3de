import { alarmedDeployment } from './alarm.ts';
import { argoRollouts } from './argo-rollouts.ts';
import { flagger } from './flagger.ts';
import { kayenta } from './kayenta.ts';
import type { Peer } from './peer.ts';

const ONE_OF_ONE = { evaluationPeriods: 1, datapointsToAlarm: 1, missing: 'missing' } as const;
const EVERY_MINUTE = { interval: 60, window: 60, count: 5, failureLimit: 0 };

/** Other tools as they are commonly set up: by the examples of their documentation, or by their defaults. */
export const USUAL_PEERS: readonly Peer[] = [
  alarmedDeployment('CodeDeploy, alarm > 1 %, 1 min', { ...ONE_OF_ONE, period: 60, max: 0.01 }),
  alarmedDeployment('CodeDeploy, alarm > 5 %, 1 min', { ...ONE_OF_ONE, period: 60, max: 0.05 }),
  flagger('Flagger, 1 min x 5, success < 99 %', {
    interval: 60,
    window: 60,
    threshold: 5,
    minimumSuccess: 0.99,
  }),
  flagger('Flagger, 10 s x 5, success < 99 %', {
    interval: 10,
    window: 60,
    threshold: 5,
    minimumSuccess: 0.99,
  }),
  argoRollouts('Argo Rollouts, 1 min x 5, success < 95 %', { ...EVERY_MINUTE, minimumSuccess: 0.95 }),
  argoRollouts('Argo Rollouts, 1 min x 5, success < 99 %', { ...EVERY_MINUTE, minimumSuccess: 0.99 }),
  kayenta('Kayenta, 1-min points, once after 5 min', { point: 60, every: 300 }),
  kayenta('Kayenta, 10-s points, every minute', { point: 10, every: 60 }),
];
