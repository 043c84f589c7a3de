import type { Difference } from '../core/judging/difference.ts';
import { printable } from '../core/printable.ts';
import { type Reason, sayReason } from '../core/reason.ts';
import { type Rollout, statusOf } from '../core/rollout.ts';
import { sayDuration } from '../core/time.ts';
import { wishedWeight } from '../core/wish.ts';
import type { Output } from './output.ts';
import { evidenceDocument } from './view/evidence.ts';
import { paint, paintStatus } from './view/format.ts';
import { wrapped } from './view/wrap.ts';

/** A rollout as `--json` shows it. */
export function rolloutDocument(rollout: Rollout, known: readonly Difference[] = []) {
  const { id, service, environment, candidate, plan, createdAt, phase, requestedBy } = rollout;
  const reasons = phase.kind === 'ended' ? phase.verdict.reasons : rollout.waitingFor;
  return {
    rollout: id,
    service,
    environment,
    release: candidate.name,
    digest: candidate.digest,
    requestedBy,
    status: statusOf(rollout),
    phase: phase.kind,
    weight: wishedWeight(rollout),
    steps: plan.steps,
    targets: plan.targets.map(({ name, kind }) => ({
      name,
      kind,
      stable: rollout.targets?.[name]?.home?.name ?? null,
      isSteady: (rollout.targets?.[name]?.steadySince ?? null) !== null,
    })),
    verdict: phase.kind === 'ended' ? phase.verdict.kind : null,
    reasons: reasons.map((reason) => ({ ...reason, text: sayReason(reason) })),
    findings: rollout.findings.map(({ check, target, kind, reason }) => ({
      check,
      target,
      kind,
      text: sayReason(reason),
    })),
    evidence: evidenceDocument(rollout, known),
    admission: rollout.admission,
    approvals: rollout.approvals,
    overrides: rollout.overrides,
    attested: rollout.attestation.attested,
    beganAt: new Date(createdAt).toISOString(),
    endedAt: phase.kind === 'ended' ? new Date(phase.at).toISOString() : null,
  };
}

/** Says how a rollout stands at the end of a command. */
export function tellOutcome(output: Output, rollout: Rollout): void {
  output.json(rolloutDocument(rollout));
  const { phase, candidate, id } = rollout;
  if (phase.kind !== 'ended') {
    output.line(`${id} is ${paintStatus(statusOf(rollout))}.`);
    for (const reason of rollout.waitingFor) tellReason(output, reason, '  ');
    return;
  }
  const took = sayDuration(phase.at - rollout.createdAt);
  output.line(`${candidate.name} was ${paintStatus(phase.verdict.kind)} after ${took}.`);
  for (const reason of phase.verdict.reasons) tellReason(output, reason, '  ');
}

/** Says a reason; of a closed gate everything that it refused for, with what can be done. */
function tellReason(output: Output, reason: Reason, indent: string): void {
  if (reason.code !== 'gate-closed' || (reason.refusals ?? []).length === 0) {
    output.line(`${indent}${wrapped(sayReason(reason), indent.length + 2)}`);
    return;
  }
  output.line(`${indent}refused by ${reason.gate}:`);
  for (const { code, detail, remedy } of reason.refusals ?? []) {
    output.line(`${indent}  ${paint('red', code)}  ${wrapped(printable(detail), indent.length + 4)}`);
    output.line(`${indent}    to do: ${wrapped(printable(remedy), indent.length + 6)}`);
  }
}
