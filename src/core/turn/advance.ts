import type { Observation } from '../observation.ts';
import { finishPromotion, finishRollback, settle } from './phases/ending.ts';
import { passGates } from './phases/gating.ts';
import { prepare } from './phases/preparing.ts';
import { hold, reachBarrier, stayHeld } from './phases/progressing.ts';
import type { Progress } from './progress.ts';
import type { Rollout } from '../rollout.ts';
import type { Instant } from '../time.ts';

/** Where the rollout goes from here when nothing goes wrong. */
export function advance(rollout: Rollout, observation: Observation, now: Instant): Progress {
  const { phase } = rollout;
  switch (phase.kind) {
    case 'gating':
      return passGates(rollout, phase, observation, now);
    case 'preparing':
      return prepare(rollout, phase, observation, now);
    case 'progressing':
      return phase.stage === 'moving' ? reachBarrier(rollout, phase, now) : hold(rollout, phase, now);
    case 'held':
      return stayHeld(rollout, phase, now);
    case 'promoting':
      return finishPromotion(rollout, phase, now);
    case 'rolling-back':
      return finishRollback(rollout, phase, now);
    case 'ended':
      return settle(rollout, phase, observation, now);
    default:
      return phase satisfies never;
  }
}
