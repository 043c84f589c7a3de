import type { GateAnswer, Observation } from './observation.ts';
import type { Reason } from './reason.ts';
import type { Rollout } from './rollout.ts';
import type { Instant, Milliseconds } from './time.ts';

/** What became of asking again by what the candidate was let in. */
export interface Recheck {
  readonly askedAt: Instant;
  /** When the gates were last all open. */
  readonly passedAt: Instant;
  /** What speaks against going on now; empty when nothing does. */
  readonly closed: readonly Reason[];
  /** Why the gates could not answer when they were last asked; null when they could. */
  readonly trouble: string | null;
}

/** Evidence is looked at again at least so often, and once in every step. */
const EVERY: Milliseconds = 60_000;
/** After an answer that was not good, it is asked again sooner. */
const AGAIN_AFTER: Milliseconds = 5_000;

/** Whether the gates that let the candidate in have to be asked again now. */
export function mustRecheck({ recheck, phase }: Rollout, now: Instant): boolean {
  if (recheck === null || (phase.kind !== 'progressing' && phase.kind !== 'held')) return false;
  if (recheck.closed.length > 0 || recheck.trouble !== null) return now >= recheck.askedAt + AGAIN_AFTER;
  return now >= recheck.askedAt + EVERY || recheck.passedAt < phase.since;
}

/** Takes the answers into memory. A gate that cannot answer neither opens nor closes anything. */
export function lookAgain(rollout: Rollout, { gates }: Observation, now: Instant): Recheck | null {
  const { recheck, phase } = rollout;
  if (phase.kind === 'gating') {
    const isOpen = gates.length > 0 && gates.every(({ kind }) => kind === 'open');
    const isAdmitted = gates.some((answer) => answer.kind === 'open' && answer.admission !== undefined);
    return isOpen && isAdmitted ? { askedAt: now, passedAt: now, closed: [], trouble: null } : null;
  }
  if (recheck === null || gates.length === 0) return recheck;
  const waiting = gates.find((answer) => answer.kind === 'waiting');
  const closed = gates.flatMap(reasonOf);
  if (closed.length > 0) return { ...recheck, askedAt: now, closed, trouble: null };
  if (waiting !== undefined) return { ...recheck, askedAt: now, trouble: waiting.detail };
  return { askedAt: now, passedAt: now, closed: [], trouble: null };
}

function reasonOf(answer: GateAnswer): readonly Reason[] {
  if (answer.kind !== 'closed') return [];
  const { gate, detail, refusals = [] } = answer;
  return [{ code: 'gate-closed', gate, detail, refusals }];
}

/** Why the rollout may not go on to more traffic at present; empty when it may. */
export function standstill({ recheck, phase }: Rollout): readonly Reason[] {
  if (recheck === null || (phase.kind !== 'progressing' && phase.kind !== 'held')) return [];
  if (recheck.closed.length > 0) return recheck.closed;
  const isFresh = recheck.passedAt >= phase.since && recheck.trouble === null;
  return isFresh ? [] : [{ code: 'recheck-due', detail: recheck.trouble ?? 'it is being asked' }];
}
