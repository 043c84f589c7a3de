import type { Observation } from '../../src/core/observation.ts';
import type { Rollout } from '../../src/core/rollout.ts';
import type { Instant, Milliseconds } from '../../src/core/time.ts';
import { wishedWeight } from '../../src/core/wish.ts';
import { EVIDENCE, type Said } from './simulated-gates.ts';

interface TurnTime {
  readonly begun: Instant;
  readonly committed: Instant;
}

type Report = (invariant: string, detail: string) => void;

/** Evidence that was last seen to be good longer ago than this lets nothing go on, however slow the turn. */
const STALE: Milliseconds = 5 * 60_000 + 75_000;

/**
 * Watches what rollouts begin and go on by, from what each committed decision was shown:
 * - nothing begins unless every gate was open in one look, or was overruled by a second person in time;
 * - approvals are those of different people who may, given in time;
 * - nothing goes on while the evidence was last seen to be bad, or has not been seen for long.
 */
export interface GateWatch {
  /** A rollout before and after a decision, what was seen, and when the turn began. */
  onCommit(before: Rollout, after: Rollout, seen: Observation, turn: TurnTime): void;
}

export function gateWatch(names: readonly string[], said: readonly Said[], report: Report): GateWatch {
  const evidence = new Map<string, { isGood: boolean; goodAt: Instant }>();

  function consents(rollout: Rollout, within: Milliseconds, { begun, committed }: TurnTime): number {
    const from = rollout.plan.approval?.from ?? null;
    const people = said.filter(
      ({ by, at }) =>
        by !== rollout.requestedBy &&
        (from === null || from.includes(by)) &&
        at <= committed &&
        at + within >= begun,
    );
    return new Set(people.map(({ by }) => by)).size;
  }

  function checkBeginning(rollout: Rollout, { gates }: Observation, turn: TurnTime): void {
    for (const name of ['turn', ...names]) {
      const answer = gates.find(({ gate }) => gate === name);
      if (answer?.kind === 'open') continue;
      const isAsked = rollout.overrides.some(({ gate }) => gate === name);
      const isOverruled = isAsked && consents(rollout, rollout.plan.overrideFor, turn) > 0;
      if (answer?.kind === 'closed' && isOverruled) continue;
      report('nothing begins at a shut gate', `${rollout.id} began while ${name} was ${answer?.kind}`);
    }
    const rule = rollout.plan.purpose === 'return' ? null : rollout.plan.approval;
    const given = rule === null ? 0 : consents(rollout, rule.expires, turn);
    if (rule !== null && given < rule.people) {
      report('nothing begins unapproved', `${rollout.id} began with ${given} of ${rule.people} approvals`);
    }
  }

  function take({ id }: Rollout, { gates }: Observation, now: Instant): void {
    const answer = gates.find(({ gate }) => gate === EVIDENCE);
    const known = evidence.get(id) ?? { isGood: false, goodAt: 0 };
    if (answer?.kind === 'open') evidence.set(id, { isGood: true, goodAt: now });
    if (answer?.kind === 'closed') evidence.set(id, { ...known, isGood: false });
  }

  function checkStep(rollout: Rollout, now: Instant): void {
    const known = evidence.get(rollout.id);
    const wasOverruled =
      rollout.overrides.some(({ gate }) => gate === EVIDENCE) && rollout.admission === null;
    if (!names.includes(EVIDENCE) || wasOverruled) return;
    if (known?.isGood !== true) report('no step on bad evidence', `${rollout.id} went on`);
    else if (now - known.goodAt > STALE) {
      report(
        'no step on old evidence',
        `${rollout.id} went on by what was seen ${now - known.goodAt} ms ago`,
      );
    }
  }

  return {
    onCommit(before, after, seen, turn) {
      const now = turn.committed;
      take(after, seen, now);
      const hasBegun = after.phase.kind !== 'gating' && after.phase.kind !== 'ended';
      if (before.phase.kind === 'gating' && hasBegun) checkBeginning(after, seen, turn);
      const isForward = wishedWeight(after) > wishedWeight(before);
      if (isForward && after.phase.kind !== 'ended') checkStep(after, now);
    },
  };
}
