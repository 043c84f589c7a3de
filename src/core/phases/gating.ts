import { readingOf } from '../look.ts';
import { toEnded } from '../move.ts';
import type { Observation } from '../observation.ts';
import { stay, targetNames, type Progress } from '../progress.ts';
import type { Reason } from '../reason.ts';
import { sameRelease } from '../release.ts';
import type { PhaseOf, Rollout } from '../rollout.ts';
import type { Instant } from '../time.ts';
import { homeRelease } from '../wish.ts';

/** Waits until every gate is open and every target can be read. */
export function passGates(
  rollout: Rollout,
  phase: PhaseOf<'gating'>,
  observation: Observation,
  now: Instant,
): Progress {
  const closed = observation.gates.flatMap((answer): Reason[] =>
    answer.kind === 'closed' ? [{ code: 'gate-closed', gate: answer.gate, detail: answer.detail }] : [],
  );
  if (closed.length > 0) return toEnded(rollout, { kind: 'rejected', reasons: closed }, now, closed);
  const waiting = observation.gates.flatMap((answer): Reason[] =>
    answer.kind === 'waiting' ? [{ code: 'waiting', gate: answer.gate, detail: answer.detail }] : [],
  );
  if (waiting.length > 0) return stay(waiting);
  if (rollout.targets === null) return waitForTargets(rollout, phase, observation, now);
  if (targetNames(rollout).every((name) => sameRelease(homeRelease(rollout, name), rollout.candidate))) {
    const reason: Reason = { code: 'already-stable', release: rollout.candidate.name };
    return toEnded(rollout, { kind: 'promoted', reasons: [reason] }, now, [reason]);
  }
  return {
    to: { kind: 'preparing', since: now, watched: 0 },
    because: [{ code: 'gates-open', gates: observation.gates.map((answer) => answer.gate) }],
  };
}

function waitForTargets(
  rollout: Rollout,
  phase: PhaseOf<'gating'>,
  observation: Observation,
  now: Instant,
): Progress {
  const outages = targetNames(rollout).flatMap((target): Reason[] => {
    const reading = observation.targets[target];
    const detail = reading?.kind === 'outage' ? reading.error : 'not read';
    return readingOf(observation, target) === null
      ? [{ code: 'blind', target, detail, after: phase.watched }]
      : [];
  });
  const late = phase.watched > rollout.plan.limits.prepare;
  return late ? toEnded(rollout, { kind: 'aborted', reasons: outages }, now, outages) : stay(outages);
}
