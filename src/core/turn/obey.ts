import { approve } from '../permission/approval.ts';
import type { PendingCommand } from '../command.ts';
import { afterStep, labelOf, toEnded, toPromoting, toRollingBack, type Move } from './move.ts';
import { type Reason, sayReason } from '../reason.ts';
import { isStopped, standstill } from '../permission/recheck.ts';
import { isActive, statusOf, type Rollout, type VerdictKind } from '../rollout.ts';
import { sayDuration, type Instant } from '../time.ts';

/** What a command comes to: what to tell the person, and what changes. */
export interface Obeyed {
  readonly accepted: boolean;
  readonly text: string;
  readonly paused: Rollout['paused'];
  readonly move: Move | null;
  /** What else it changes. */
  readonly change?: Pick<Rollout, 'approvals' | 'overrides'>;
}

/** Works out what a command does to the rollout as it stands. */
export function obey(rollout: Rollout, pending: PendingCommand, now: Instant, overtaken: boolean): Obeyed {
  const { command } = pending;
  if (rollout.phase.kind === 'rolling-back') return refuse(rollout, 'it is being rolled back already');
  if (!isActive(rollout)) {
    return command.kind === 'rollback'
      ? rollbackAfterEnd(rollout, pending, now, overtaken)
      : refuse(rollout, ended(rollout));
  }
  switch (command.kind) {
    case 'pause':
      if (rollout.paused !== null) return refuse(rollout, `it is paused already, by ${rollout.paused.by}`);
      if (rollout.phase.kind === 'promoting') return refuse(rollout, 'promotion is decided and under way');
      return accept('paused; it stays where it is and is still watched', { by: pending.by, at: now });
    case 'resume':
      return rollout.paused === null ? refuse(rollout, 'it is not paused') : accept('resumed', null);
    case 'promote':
      return promote(rollout, pending, now);
    case 'rollback':
      return goHome(rollout, 'rolled back', commanded(pending, 'roll back'), now);
    case 'abort':
      return goHome(rollout, 'aborted', commanded(pending, 'abort'), now);
    case 'approve': {
      const approved = approve(rollout, pending, now);
      return approved.kind === 'refused'
        ? refuse(rollout, approved.text)
        : { ...accept(approved.text, rollout.paused), change: approved.change };
    }
    case 'reject':
      return reject(rollout, pending, now);
    case 'supersede':
      return goHome(rollout, 'aborted', { code: 'superseded', rollout: command.rollout }, now);
    default:
      return command satisfies never;
  }
}

function refuse(rollout: Rollout, text: string): Obeyed {
  return { accepted: false, text, paused: rollout.paused, move: null };
}

function accept(text: string, paused: Rollout['paused'] = null, move: Move | null = null): Obeyed {
  return { accepted: true, text, paused, move };
}

function promote(rollout: Rollout, pending: PendingCommand, now: Instant): Obeyed {
  const { phase } = rollout;
  if (phase.kind !== 'progressing' && phase.kind !== 'held') {
    const isPromoting = phase.kind === 'promoting';
    return refuse(
      rollout,
      isPromoting ? 'promotion is under way already' : 'the candidate gets no traffic yet',
    );
  }
  const because = [commanded(pending, 'promote')];
  const full = pending.command.kind === 'promote' && pending.command.full;
  if (!full && phase.kind === 'progressing' && phase.stage === 'moving') {
    return refuse(
      rollout,
      `not all targets are ${labelOf(rollout).replace('moving ', '')} yet; ask again then`,
    );
  }
  const closed = isStopped(rollout) ? standstill(rollout) : [];
  if (closed.length > 0) return refuse(rollout, closed.map(sayReason).join('; '));
  const move = full ? toPromoting(now, because) : afterStep(rollout, phase.step, now, because);
  return accept(move.to.kind === 'promoting' ? 'promoting' : 'going on to the next step', null, move);
}

function reject(rollout: Rollout, { by, note }: PendingCommand, now: Instant): Obeyed {
  if (rollout.phase.kind !== 'gating') {
    return refuse(rollout, 'it has begun already; `canary rollback` takes it back');
  }
  const reason: Reason = { code: 'not-approved', by, note };
  return accept('rejected', null, toEnded(rollout, { kind: 'rejected', reasons: [reason] }, now));
}

/** Traffic goes home; nothing is judged about a candidate that never had any. */
function goHome(rollout: Rollout, kind: VerdictKind, reason: Reason, now: Instant): Obeyed {
  if (rollout.phase.kind === 'gating') {
    return accept(
      'ended before it began',
      null,
      toEnded(rollout, { kind: 'aborted', reasons: [reason] }, now),
    );
  }
  const verdict = { kind: rollout.phase.kind === 'preparing' ? 'aborted' : kind, reasons: [reason] };
  return accept('rolling back', null, toRollingBack(verdict, now));
}

function rollbackAfterEnd(
  rollout: Rollout,
  pending: PendingCommand,
  now: Instant,
  overtaken: boolean,
): Obeyed {
  const { phase } = rollout;
  if (phase.kind !== 'ended' || phase.verdict.kind !== 'promoted') return refuse(rollout, ended(rollout));
  if (overtaken) return refuse(rollout, 'a newer rollout has begun since');
  if (phase.settled) return refuse(rollout, 'the old release is not kept warm any more');
  if (Object.values(rollout.targets ?? {}).every((target) => target.home === null)) {
    return refuse(rollout, 'there is no older release to go back to');
  }
  const reason = commanded(pending, `roll back ${sayDuration(now - phase.at)} after promotion`);
  return accept('rolling back', null, toRollingBack({ kind: 'rolled back', reasons: [reason] }, now));
}

function commanded(pending: PendingCommand, command: string): Reason {
  return { code: 'commanded', by: pending.by, command, note: pending.note };
}

function ended(rollout: Rollout): string {
  return `it has ended: ${statusOf(rollout)}`;
}
