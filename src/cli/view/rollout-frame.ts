import type { Difference } from '../../core/judging/difference.ts';
import { printable } from '../../core/printable.ts';
import { type Reason, sayReason } from '../../core/reason.ts';
import { nameOf } from '../../core/release.ts';
import { type Finding, type Rollout, statusOf } from '../../core/rollout.ts';
import { sayDuration, type Milliseconds } from '../../core/time.ts';
import { wishedWeight } from '../../core/wish.ts';
import { evidenceLines } from './evidence.ts';
import { paint, paintStatus } from './format.ts';
import { wrapped } from './wrap.ts';

/**
 * The picture of a rollout: where it stands, what it weighs, what the checks say and what it waits for. `seen` is what targets
 * weigh really, where that was asked for, in percent; else it is what is wished.
 */
export function frameOf(
  rollout: Rollout,
  known: readonly Difference[],
  troubles: readonly string[],
  seen: ReadonlyMap<string, number> = new Map(),
): string {
  return [
    '',
    title(rollout),
    path(rollout),
    '',
    ...targets(rollout, seen),
    ...checks(rollout.findings),
    ...evidenceLines(rollout, known),
    ...waiting(rollout),
    ...asking(rollout),
    ...troubles.map((text) => paint('red', `! ${wrapped(printable(text), 2)}`)),
  ].join('\n');
}

function title(rollout: Rollout): string {
  const stable = Object.values(rollout.targets ?? {})[0]?.home ?? null;
  const change = `${nameOf(stable)} → ${rollout.candidate.name}`;
  return `${paint('bold', `${rollout.service} · ${rollout.environment}`)}   ${change}   ${paintStatus(statusOf(rollout))}   ${paint('dim', rollout.id)}`;
}

/** The stations of the rollout, with the present one marked. */
function path({ phase, plan }: Rollout): string {
  const stations = ['gates', 'prepare', ...plan.steps.map((step) => `${step.weight} %`), '100 %'];
  const at = stationOf(phase, plan.steps.length);
  const isBack =
    phase.kind === 'rolling-back' || (phase.kind === 'ended' && phase.verdict.kind !== 'promoted');
  if (isBack) return paint('yellow', `◀ ${stations.join('  ')}`);
  return stations
    .map((station, index) => {
      if (index < at) return paint('green', `✓ ${station}`);
      return index === at ? paint('bold', `▶ ${station}`) : paint('dim', `· ${station}`);
    })
    .join('   ');
}

function stationOf(phase: Rollout['phase'], steps: number): number {
  switch (phase.kind) {
    case 'gating':
      return 0;
    case 'preparing':
      return 1;
    case 'progressing':
    case 'held':
      return 2 + phase.step;
    case 'promoting':
      return 2 + steps;
    case 'rolling-back':
    case 'ended':
      return 3 + steps;
    default:
      return phase satisfies never;
  }
}

const BAR = 30;

function targets(rollout: Rollout, seen: ReadonlyMap<string, number>): readonly string[] {
  const wished = wishedWeight(rollout);
  const names = rollout.plan.targets.map((target) => target.name);
  const widest = Math.max(...names.map((name) => name.length));
  return names.map((name) => {
    const state = rollout.targets?.[name];
    const weight = seen.get(name) ?? wished;
    const filled = Math.round((weight / 100) * BAR);
    const bar = `${paint('cyan', '█'.repeat(filled))}${paint('dim', '░'.repeat(BAR - filled))}`;
    const note =
      state?.outage?.error ??
      (state !== undefined && state.steadySince === null && rollout.phase.kind !== 'gating' ? 'moving' : '');
    return `  ${name.padEnd(widest)}  ${bar}  ${String(weight).padStart(3)} %  ${holding(rollout)}  ${paint('yellow', printable(note))}`.trimEnd();
  });
}

function holding({ phase, plan }: Rollout): string {
  if (phase.kind !== 'progressing' || phase.stage !== 'holding') return '';
  const hold = plan.steps[phase.step]?.hold ?? 0;
  const more = phase.watched > hold ? ', not decided yet: it gets as much time again' : '';
  return `watched ${sayPart(phase.watched, hold)}${more}`;
}

function sayPart(done: Milliseconds, all: Milliseconds): string {
  return `${sayDuration(Math.min(done, all))} of ${sayDuration(all)}`;
}

const MARKS: Readonly<Record<Finding['kind'], () => string>> = {
  pass: () => paint('green', '✓'),
  fail: () => paint('red', '✗'),
  undecided: () => paint('yellow', '…'),
};

function checks(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ kind, reason }) => `  ${MARKS[kind]()} ${wrapped(sayReason(reason), 4)}`);
}

/** What a person can do where one is waited for. */
export function askedOf(rollout: Rollout): string | null {
  const { phase, paused, plan } = rollout;
  if (paused !== null && phase.kind !== 'rolling-back') return '`canary resume` lets it go on';
  if (phase.kind !== 'held') return null;
  const left = sayDuration(Math.max(0, plan.limits.held - phase.watched));
  return `\`canary promote\` goes on all the same, \`canary rollback\` takes it back; in ${left} it goes home by itself`;
}

function asking(rollout: Rollout): readonly string[] {
  const asked = askedOf(rollout);
  return asked === null ? [] : [paint('yellow', `  ? ${wrapped(asked, 4)}`)];
}

function waiting({ phase, waitingFor, findings }: Rollout): readonly string[] {
  const shown = new Set(findings.map(({ reason }) => subjectOf(reason)));
  const reasons =
    phase.kind === 'ended' ? [] : waitingFor.filter((reason) => !shown.has(subjectOf(reason))).map(sayReason);
  return reasons.map((text) => paint('dim', `  … ${wrapped(text, 4)}`));
}

/** A reason that is shown as a finding is not shown again with the numbers of an earlier moment. */
function subjectOf(reason: Reason): string {
  return 'check' in reason ? `${reason.check} ${reason.target}` : sayReason(reason);
}
