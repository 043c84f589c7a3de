import type { GateAnswer } from '../core/observation.ts';
import type { Rollout } from '../core/rollout.ts';

/** A precondition of a rollout. An error counts as "waiting", never as "open". */
export interface Gate {
  readonly name: string;
  /** Whether it is asked again while the rollout is under way. */
  readonly asksAgain?: boolean;
  ask(rollout: Rollout, signal: AbortSignal): Promise<GateAnswer>;
}
