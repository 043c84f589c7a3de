import type { Admission } from '../../permission/admission.ts';
import { overrideOf } from '../../permission/override.ts';
import { readingOf, runningCandidate } from '../../look.ts';
import { toEnded } from '../move.ts';
import type { GateAnswer, Observation } from '../../observation.ts';
import { stay, targetNames, type Progress } from '../progress.ts';
import type { Reason } from '../../reason.ts';
import type { PhaseOf, Rollout } from '../../rollout.ts';
import type { Instant } from '../../time.ts';
import { isStable } from '../../wish.ts';

/** Waits until every gate is open and every target can be read. */
export function passGates(
  rollout: Rollout,
  phase: PhaseOf<'gating'>,
  observation: Observation,
  now: Instant,
): Progress {
  // No answer at all is no permission.
  if (observation.gates.length === 0) return stay([]);
  const verdicts = observation.gates.map((answer) => weigh(rollout, answer, now));
  const closed = verdicts.flatMap(({ kind, reasons }) => (kind === 'closed' ? reasons : []));
  if (closed.length > 0) return toEnded(rollout, { kind: 'rejected', reasons: closed }, now, closed);
  const waiting = verdicts.flatMap(({ kind, reasons }) => (kind === 'waiting' ? reasons : []));
  if (waiting.length > 0) return stay(waiting);
  const unseen = targetNames(rollout).filter((name) => readingOf(observation, name) === null);
  if (rollout.targets === null || unseen.length > 0) {
    const outages = unseen.map((name) => outageOf(rollout, phase, observation, name));
    const late = outages.some(({ after }) => after > rollout.plan.limits.prepare);
    return late ? toEnded(rollout, { kind: 'aborted', reasons: outages }, now, outages) : stay(outages);
  }
  if (isStable(rollout) && targetNames(rollout).every((name) => isUp(rollout, observation, name))) {
    const reason: Reason = { code: 'already-stable', release: rollout.candidate.name };
    return toEnded(rollout, { kind: 'promoted', reasons: [reason] }, now, [reason]);
  }
  const gates = observation.gates.flatMap(({ kind, gate }) => (kind === 'open' ? [gate] : []));
  const open: Reason = { code: 'gates-open', gates };
  const admission = admissionIn(observation);
  return {
    to: { kind: 'preparing', since: now, watched: 0 },
    because: [open, ...verdicts.flatMap(({ reasons }) => reasons)],
    ...(admission === undefined ? {} : { admission }),
  };
}

/** Whether the candidate is there and needs nothing done for it. */
function isUp(rollout: Rollout, observation: Observation, target: string): boolean {
  const running = runningCandidate(rollout, observation, target);
  return running !== null && running.healthy > 0 && !running.failed;
}

/** By what the candidate is let in; nothing where no gate asks for evidence, or the one that does was overruled. */
function admissionIn({ gates }: Observation): Admission | undefined {
  return gates.flatMap((answer) => (answer.kind === 'open' ? (answer.admission ?? []) : []))[0];
}

interface Weighed {
  readonly kind: GateAnswer['kind'];
  readonly reasons: readonly Reason[];
}

/** What a gate's answer comes to, people's overrides considered. */
function weigh(rollout: Rollout, answer: GateAnswer, now: Instant): Weighed {
  const { gate } = answer;
  switch (answer.kind) {
    case 'open': {
      const { admission, reported = [] } = answer;
      const admitted: readonly Reason[] =
        admission === undefined
          ? []
          : [{ code: 'admitted', policy: admission.policy, evidence: admission.evidence }];
      const said: readonly Reason[] =
        reported.length === 0 ? [] : [{ code: 'only-reported', gate, refusals: reported }];
      return { kind: 'open', reasons: [...admitted, ...said] };
    }
    case 'waiting':
      return { kind: 'waiting', reasons: [{ code: 'waiting', gate, detail: answer.detail }] };
    case 'closed':
      return overrule(rollout, answer, now);
    default:
      return answer satisfies never;
  }
}

function overrule(
  rollout: Rollout,
  { gate, detail, refusals = [] }: Extract<GateAnswer, { kind: 'closed' }>,
  now: Instant,
): Weighed {
  const overriding = overrideOf(rollout, gate, now);
  if (overriding === null) {
    return { kind: 'closed', reasons: [{ code: 'gate-closed', gate, detail, refusals }] };
  }
  if (overriding.kind === 'asked') {
    const asked = `${detail}. ${overriding.detail}`;
    return { kind: 'waiting', reasons: [{ code: 'waiting', gate, detail: asked }] };
  }
  const { by, note, allowed } = overriding.override;
  const consent = { allowedBy: allowed?.by ?? 'nobody', until: allowed?.until ?? now };
  return { kind: 'open', reasons: [{ code: 'overruled', gate, detail, refusals, by, note, ...consent }] };
}

/** For how long the target has not been seen: since it was last seen, or from the beginning. */
function outageOf(
  { targets }: Rollout,
  { watched }: PhaseOf<'gating'>,
  observation: Observation,
  target: string,
): Extract<Reason, { code: 'blind' }> {
  const reading = observation.targets[target];
  const detail = reading?.kind === 'outage' ? reading.error : 'not read';
  return { code: 'blind', target, detail, after: targets?.[target]?.outage?.watched ?? watched };
}
