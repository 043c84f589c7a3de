import type { Answer, PendingCommand } from '../command.ts';
import type { Decision } from '../decision.ts';
import type { JournalEntry } from '../journal.ts';
import { labelOf, type Move } from './move.ts';
import type { Obeyed } from './obey.ts';
import type { Reason } from '../reason.ts';
import { beginRecheck } from '../permission/recheck.ts';
import { sameRelease } from '../release.ts';
import type { Rollout } from '../rollout.ts';
import type { Instant } from '../time.ts';
import { sameTraffic, type Traffic } from '../traffic.ts';
import { wishedTraffic, wishedWeight } from '../wish.ts';

/** A decision in the making. */
export interface Turn {
  readonly now: Instant;
  readonly rollout: Rollout;
  readonly entries: readonly JournalEntry[];
  readonly answers: readonly Answer[];
  readonly intervals: Decision['intervals'];
  readonly block: Decision['block'];
  /** Whether the rollout has changed its phase in this turn: one change a turn. */
  readonly hasMoved: boolean;
}

/** The turn with a change of phase, and what follows from it for the journal and the wishes. */
export function moved(turn: Turn, { to, because, admission }: Move): Turn {
  const { now } = turn;
  const admitted = admission === undefined ? {} : { admission, recheck: beginRecheck(now) };
  const rollout = renewWish(turn.rollout, { ...turn.rollout, ...admitted, phase: to, waitingFor: [] });
  if (to.kind === 'ended' && to.settled && turn.rollout.phase.kind === 'ended') {
    return { ...noted(turn, because), rollout, hasMoved: true };
  }
  const [from, weight] = [labelOf(turn.rollout), wishedWeight(rollout)];
  const entries: JournalEntry[] = [{ at: now, kind: 'moved', from, to: labelOf(rollout), weight, because }];
  if (to.kind === 'ended') entries.push({ at: now, kind: 'ended', verdict: to.verdict });
  return {
    ...turn,
    rollout,
    entries: [...turn.entries, ...entries],
    block: blockFor(rollout) ?? turn.block,
    hasMoved: true,
  };
}

/** What the environment shall not see again, now that the rollout has come to this. */
function blockFor({ phase, plan, candidate, targets }: Rollout): Decision['block'] {
  if (phase.kind === 'rolling-back' && phase.verdict.kind === 'rolled back') {
    return { release: candidate, reasons: phase.verdict.reasons };
  }
  if (phase.kind !== 'ended' || phase.verdict.kind !== 'promoted' || plan.purpose !== 'return') return null;
  const replaced = Object.values(targets ?? {}).find(
    ({ home }) => home !== null && !sameRelease(home, candidate),
  );
  if (replaced === undefined || replaced.home === null) return null;
  return { release: replaced.home, reasons: [{ code: 'returned', to: candidate.name }] };
}

/** The turn after a command. */
export function answered(turn: Turn, pending: PendingCommand, obeyed: Obeyed): Turn {
  const { accepted, text, paused, move, change = {} } = obeyed;
  const { by, note, command } = pending;
  const next: Turn = {
    ...turn,
    rollout: { ...turn.rollout, paused, ...change },
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
