import type { Clock } from '../clock/clock.ts';
import { isFrozen, sayEnd } from '../core/permission/freeze.ts';
import type { Gate } from './gate.ts';

const NAME = 'freeze';

/**
 * Closed while one of the plan's windows holds: a rollout that began by itself when the window ends would begin when nobody
 * expects it. To return to an earlier release is always possible.
 */
export function freezeGate(clock: Clock): Gate {
  return {
    name: NAME,
    async ask({ plan }) {
      const window = plan.freeze.find((each) => isFrozen(each, clock.now()));
      if (window === undefined || plan.purpose === 'return') return { gate: NAME, kind: 'open' };
      const detail = `no rollout begins during "${window.name}", until ${sayEnd(window)}`;
      const remedy = 'wait, or deploy with --hotfix and a note: then a second person can allow it';
      return { gate: NAME, kind: 'closed', detail, refusals: [{ code: 'FROZEN', detail, remedy }] };
    },
  };
}
