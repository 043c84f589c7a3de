import type { PendingCommand } from '../command.ts';
import type { GateAnswer, Observation } from '../observation.ts';
import type { Reason } from '../reason.ts';
import type { Rollout } from '../rollout.ts';
import type { Instant, Milliseconds } from '../time.ts';

/** What became of asking again by what the candidate was let in. */
export interface Recheck {
  readonly askedAt: Instant;
  /** When the gates were last all open. */
  readonly passedAt: Instant;
  /** What speaks against going on now; empty when nothing does. */
  readonly closed: readonly Reason[];
  /** Since when the gates could not answer, and why; null when they could when they were last asked. */
  readonly trouble: { readonly since: Instant; readonly detail: string } | null;
}

/** What was found to be good at `now`, when the gates let the candidate in. */
export function beginRecheck(now: Instant): Recheck {
  return { askedAt: now, passedAt: now, closed: [], trouble: null };
}

/** A gate that cannot answer is asked again after this time, and one that is closed after the other. */
const WHEN_SILENT: Milliseconds = 2_000;
const WHEN_CLOSED: Milliseconds = 10_000;

/** How long a step waits for gates that do not answer before it makes do with what was seen last. */
const TRY_FOR: Milliseconds = 10_000;
/** For how long it makes do with that: an outage of a registry is no reason to stop at once, nor to go on for ever. */
const PATIENCE: Milliseconds = 5 * 60_000;

/** For a person who wants it to go on at once, what was seen so short a time ago is not looked at again. */
const JUST_SEEN: Milliseconds = 10_000;

/**
 * Whether the gates that let the candidate in have to be asked again now: every while, in every phase, before the next, and
 * when a person wants it to go on.
 */
export function mustRecheck(
  rollout: Rollout,
  now: Instant,
  commands: readonly PendingCommand[] = [],
): boolean {
  const { recheck, phase, plan } = rollout;
  if (recheck === null || !isOnItsWay(phase)) return false;
  const isOrdered = commands.some(({ command }) => command.kind === 'promote');
  if (isOrdered && now > recheck.passedAt + JUST_SEEN) return true;
  if (recheck.trouble !== null) return now >= recheck.askedAt + WHEN_SILENT;
  if (recheck.closed.length > 0) return now >= recheck.askedAt + WHEN_CLOSED;
  return now >= recheck.askedAt + plan.recheckEvery || recheck.passedAt < phase.since || isAwaited(rollout);
}

/** Whether the next step waits for nothing but the gates' answer. */
function isAwaited({ paused, waitingFor }: Rollout): boolean {
  return paused === null && waitingFor.some(({ code }) => code === 'recheck-due');
}

/** While the candidate may still get more traffic. */
function isOnItsWay(phase: Rollout['phase']): phase is Extract<Rollout['phase'], { watched: Milliseconds }> {
  return phase.kind === 'preparing' || phase.kind === 'progressing' || phase.kind === 'held';
}

/**
 * Takes the answers into memory. A gate that cannot answer neither opens nor closes anything. What was closed stays so
 * until all of them are open.
 */
export function lookAgain(rollout: Rollout, { gates }: Observation, now: Instant): Recheck | null {
  const { recheck, phase } = rollout;
  if (recheck === null || !isOnItsWay(phase) || gates.length === 0) return recheck;
  const closed = gates.flatMap(reasonOf);
  if (closed.length > 0) return { ...recheck, askedAt: now, closed, trouble: null };
  const waiting = gates.find((answer) => answer.kind === 'waiting');
  if (waiting === undefined) return beginRecheck(now);
  const since = recheck.trouble?.since ?? now;
  return { ...recheck, askedAt: now, trouble: { since, detail: waiting.detail } };
}

function reasonOf(answer: GateAnswer): readonly Reason[] {
  if (answer.kind !== 'closed') return [];
  const { gate, detail, refusals = [] } = answer;
  return [{ code: 'recheck-failed', gate, detail, refusals }];
}

const BEING_ASKED: Reason = { code: 'recheck-due', detail: 'it is being asked', after: 0 };

/** Why the rollout may not go on to more traffic by itself: what was not seen in this very turn is looked at once more. */
export function beforeNextStep(rollout: Rollout): readonly Reason[] {
  const { recheck, phase, lastTurnAt: now } = rollout;
  const stopped = standstill(rollout);
  if (stopped.length > 0 || recheck === null || !isOnItsWay(phase)) return stopped;
  return recheck.trouble !== null || recheck.passedAt === now ? [] : [BEING_ASKED];
}

/** Why the rollout may not go on to more traffic at present; empty when it may. */
export function standstill({ recheck, phase, lastTurnAt: now }: Rollout): readonly Reason[] {
  if (recheck === null || !isOnItsWay(phase)) return [];
  const { closed, trouble, passedAt } = recheck;
  if (closed.length > 0) return closed;
  if (trouble === null) return passedAt >= phase.since ? [] : [BEING_ASKED];
  const hasTried = now - trouble.since >= TRY_FOR;
  if (hasTried && now - passedAt <= PATIENCE) return [];
  return [{ code: 'recheck-due', detail: trouble.detail, after: now - trouble.since }];
}

/** Whether it is at a standstill for longer than it takes to ask: a gate is closed, or all patience with it is used up. */
export function isStopped({ recheck, phase, lastTurnAt }: Rollout): boolean {
  if (recheck === null || !isOnItsWay(phase)) return false;
  const isSilent = recheck.trouble !== null && lastTurnAt - recheck.passedAt > PATIENCE;
  return recheck.closed.length > 0 || isSilent;
}
