import type { Answer, PendingCommand } from './command.ts';
import type { Decision } from './decision.ts';
import type { JournalEntry } from './journal.ts';
import { labelOf, type Move } from './move.ts';
import type { Obeyed } from './obey.ts';
import type { Reason } from './reason.ts';
import type { Rollout } from './rollout.ts';
import type { Instant } from './time.ts';
import { sameTraffic, type Traffic } from './traffic.ts';
import { wishedTraffic, wishedWeight } from './wish.ts';

/** A decision in the making. */
export interface Turn {
  readonly now: Instant;
  readonly rollout: Rollout;
  readonly entries: readonly JournalEntry[];
  readonly answers: readonly Answer[];
  readonly block: Decision['block'];
  /** Whether the rollout has changed its phase in this turn: one change a turn. */
  readonly hasMoved: boolean;
}

/** The turn with a change of phase, and what follows from it for the journal and the wishes. */
export function moved(turn: Turn, { to, because }: Move): Turn {
  const { now } = turn;
  const rollout = renewWish(turn.rollout, { ...turn.rollout, phase: to, waitingFor: [] });
  if (to.kind === 'ended' && to.settled && turn.rollout.phase.kind === 'ended') {
    return { ...noted(turn, because), rollout, hasMoved: true };
  }
  const [from, weight] = [labelOf(turn.rollout), wishedWeight(rollout)];
  const entries: JournalEntry[] = [{ at: now, kind: 'moved', from, to: labelOf(rollout), weight, because }];
  if (to.kind === 'ended') entries.push({ at: now, kind: 'ended', verdict: to.verdict });
  const isGuilty = to.kind === 'rolling-back' && to.verdict.kind === 'rolled back';
  return {
    ...turn,
    rollout,
    entries: [...turn.entries, ...entries],
    block: isGuilty ? { release: rollout.candidate, reasons: to.verdict.reasons } : turn.block,
    hasMoved: true,
  };
}

/** The turn after a command. */
export function answered(turn: Turn, pending: PendingCommand, obeyed: Obeyed): Turn {
  const { accepted, text, paused, move } = obeyed;
  const { by, note, command } = pending;
  const next: Turn = {
    ...turn,
    rollout: { ...turn.rollout, paused },
    entries: [
      ...turn.entries,
      { at: turn.now, kind: 'commanded', command: command.kind, by, note, accepted, text },
    ],
    answers: [...turn.answers, { command: pending.id, accepted, text }],
  };
  return move === null ? next : moved(next, move);
}

/** The turn with something for the journal that changes nothing. */
export function noted(turn: Turn, reasons: readonly Reason[]): Turn {
  const entries = reasons.map((reason): JournalEntry => ({ at: turn.now, kind: 'noted', reason }));
  return { ...turn, entries: [...turn.entries, ...entries] };
}

/** A new wish is fenced by the revision that brings it, and no target counts as following it before it was read anew. */
function renewWish(before: Rollout, after: Rollout): Rollout {
  const names = Object.keys(after.targets ?? {});
  if (names.every((name) => sameWish(wishedTraffic(before, name), wishedTraffic(after, name)))) return after;
  const targets = Object.fromEntries(
    Object.entries(after.targets ?? {}).map(([name, state]) => [name, { ...state, steadySince: null }]),
  );
  return { ...after, wishedAt: after.revision + 1, targets: after.targets === null ? null : targets };
}

function sameWish(a: Traffic | null, b: Traffic | null): boolean {
  return a === null || b === null ? a === b : sameTraffic(a, b);
}
