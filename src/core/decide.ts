import { neededActions } from './turn/actions.ts';
import { advance } from './turn/advance.ts';
import { dueVerdict } from './attestation.ts';
import type { Decision } from './decision.ts';
import { judge } from './judging/judge.ts';
import { look } from './look.ts';
import { news } from './turn/news.ts';
import { obey } from './turn/obey.ts';
import type { Observation } from './observation.ts';
import { hearMetrics } from './judging/hearing.ts';
import type { Move } from './turn/move.ts';
import { homeTroubles } from './turn/progress.ts';
import { beforeNextStep, isStopped, standstill } from './permission/recheck.ts';
import { isActive, type Rollout } from './rollout.ts';
import type { Instant, Milliseconds } from './time.ts';
import { answered, moved, noted, type Turn } from './turn/turn.ts';
import { heedBadNews } from './turn/urgent.ts';

/** Between the end of a rollout and its settling, turns are this much rarer. */
const AFTERCARE_PACE = 10;
/** A verdict that could not be attached is tried again after this time. */
const ATTEST_AGAIN_AFTER: Milliseconds = 5_000;

/**
 * The whole of the rollout's judgement: from its state, what was observed and the time, to the next state, the journal's
 * entries and what has to be done. Pure and total: bad news is in the observation, and there is an answer to all of it.
 *
 * Bad news comes first, then commands, then progress; the first that moves the rollout to another phase ends the turn,
 * so that a rollback wins over everything that would go on.
 */
export function decide(before: Rollout, observation: Observation, clock: Instant): Decision {
  const now = Math.max(clock, before.lastTurnAt);
  const { rollout: heard, intervals } = hearMetrics(before, look(before, observation, now), observation);
  const seen = judged(heard, observation);
  const opened: Turn = {
    now,
    rollout: seen,
    entries: [],
    answers: [],
    intervals,
    block: null,
    hasMoved: false,
  };
  const warned = heed(noted(opened, news(before, seen)), observation, clock);
  const obeyed = obeyAll(warned, observation);
  return conclude(before, goOn(obeyed, observation), observation, clock);
}

/** The rollout with the findings of this turn; those of the last one stay when traffic is split no more. */
function judged(rollout: Rollout, observation: Observation): Rollout {
  const { kind } = rollout.phase;
  return kind === 'progressing' || kind === 'held'
    ? { ...rollout, findings: judge(rollout, observation) }
    : rollout;
}

function heed(turn: Turn, observation: Observation, clock: Instant): Turn {
  const badNews = heedBadNews(turn.rollout, observation, clock);
  return badNews === null ? turn : moved(turn, badNews);
}

function obeyAll(turn: Turn, observation: Observation): Turn {
  return observation.commands.reduce(
    (soFar, pending) =>
      answered(soFar, pending, obey(soFar.rollout, pending, soFar.now, observation.overtaken)),
    turn,
  );
}

function goOn(turn: Turn, observation: Observation): Turn {
  const isPaused =
    turn.rollout.paused !== null && isActive(turn.rollout) && turn.rollout.phase.kind !== 'rolling-back';
  if (turn.hasMoved || isPaused) return turn;
  const progress = advance(turn.rollout, observation, turn.now);
  const closed =
    progress.to !== null && isForward(turn.rollout, progress) ? beforeNextStep(turn.rollout) : [];
  if (progress.to !== null && closed.length === 0) return moved(turn, progress);
  const stopped = isStopped(turn.rollout) ? standstill(turn.rollout) : [];
  const waitingFor =
    progress.to === null ? [...stopped, ...homeTroubles(turn.rollout), ...progress.waitingFor] : closed;
  return { ...turn, rollout: { ...turn.rollout, waitingFor } };
}

/** Whether it gives more traffic to the candidate than it was let in for so far. */
function isForward({ phase }: Rollout, { to }: Move): boolean {
  if (to.kind !== 'progressing') return to.kind === 'promoting';
  return phase.kind !== 'progressing' || to.step > phase.step;
}

function conclude(before: Rollout, turn: Turn, observation: Observation, clock: Instant): Decision {
  const rollout: Rollout = { ...turn.rollout, revision: before.revision + 1 };
  return {
    rollout,
    entries: turn.entries,
    answers: turn.answers,
    intervals: turn.intervals,
    block: turn.block,
    actions: neededActions(rollout, observation, clock),
    attest: isSettled(rollout) ? null : dueVerdict(rollout),
    wakeAt: byClock(wakeAt(rollout, turn), turn.now - clock),
  };
}

/** A clock that was set back is behind the rollout's time, in which nothing ever happens before what has happened. */
function byClock(instant: Instant | null, behind: Milliseconds): Instant | null {
  return instant === null ? null : instant - behind;
}

function isSettled({ phase }: Rollout): boolean {
  return phase.kind === 'ended' && phase.settled;
}

function wakeAt(rollout: Rollout, { hasMoved, now }: Turn): Instant | null {
  const { phase, plan } = rollout;
  if (phase.kind !== 'ended') return hasMoved ? now : now + plan.turnEvery;
  if (phase.settled) return null;
  if (dueVerdict(rollout) !== null) {
    return now + (rollout.attestation.trouble === null ? plan.turnEvery : ATTEST_AGAIN_AFTER);
  }
  if (hasMoved) return now + plan.turnEvery;
  const next = now + plan.turnEvery * AFTERCARE_PACE;
  const inQuarantine = now < phase.at + plan.quarantine;
  return now < phase.settlesAt ? (inQuarantine ? Math.min(next, phase.settlesAt) : phase.settlesAt) : next;
}
