import type { Clock } from '../clock/clock.ts';
import { approvalRule, sayApprovers, validApprovals } from '../core/permission/approval.ts';
import type { Gate } from './gate.ts';

const NAME = 'approval';

/** Waits until as many people have said yes as the plan asks for. To return to an earlier release takes none. */
export function approvalGate(clock: Clock): Gate {
  return {
    name: NAME,
    async ask(rollout) {
      const rule = approvalRule(rollout);
      if (rule === null) return { gate: NAME, kind: 'open' };
      const given = validApprovals(rollout, clock.now()).map(({ by }) => by);
      if (given.length >= rule.people) return { gate: NAME, kind: 'open' };
      const so = given.length === 0 ? '' : ` (${given.join(', ')})`;
      return {
        gate: NAME,
        kind: 'waiting',
        detail: `${given.length} of ${rule.people} approvals${so}; ${sayApprovers(rollout)} gives one with \`canary approve ${rollout.id}\``,
      };
    },
  };
}
