import type { Decision } from '../../src/core/decision.ts';
import type { GateAnswer, Observation } from '../../src/core/observation.ts';
import { type Release, sameRelease } from '../../src/core/release.ts';
import type { Rollout } from '../../src/core/rollout.ts';
import { home, type Percent, type Traffic } from '../../src/core/traffic.ts';
import { wishedWeight } from '../../src/core/wish.ts';
import type { Said } from './simulated-gates.ts';
import type { SimulatedTarget } from './simulated-target.ts';
import type { Witnessed } from './witness.ts';

type Report = (invariant: string, detail: string) => void;

/**
 * Watches the traffic itself, and every revision that was ever written, also by controllers that died of it:
 * - nothing without admission: no traffic for a candidate before all gates were open in one look, or a closed one was
 *   asked to be overruled and somebody else was there to allow it;
 * - lost evidence stops: neither the wish for more traffic nor traffic itself rises while a gate is closed that was asked
 *   again, but for a promotion that was decided before;
 * - evidence is seen before each step, but for an outage of the gate, or when a person does not wait.
 */
export interface AdmissionWatch {
  onWitnessed(witnessed: Witnessed): void;
  onChange(target: SimulatedTarget): void;
}

/** What is known at a revision of a rollout. */
interface Known {
  readonly rollout: Rollout;
  readonly isLetIn: boolean;
  /** Whether a gate let it in by evidence, which is to be seen again. */
  readonly isProved: boolean;
  /** What the gates said when they were last asked again. */
  readonly last: 'open' | 'closed' | 'waiting';
  /** Whether it may go on without them: they were asked in this turn, or a person did not wait. */
  readonly isFree: boolean;
}

/** `names` are those of the gates, `said` what people really said. */
export function admissionWatch(
  names: readonly string[],
  said: readonly Said[],
  report: Report,
): AdmissionWatch {
  const history = new Map<string, Known>();
  const traffics = new Map<SimulatedTarget, Traffic>();

  function isPassed({ requestedBy, overrides }: Rollout, answers: readonly GateAnswer[]): boolean {
    const isSecond = said.some(({ by }) => by !== requestedBy);
    return ['turn', ...names].every((name) => {
      const answer = answers.find(({ gate }) => gate === name);
      const isOverruled = isSecond && overrides.some(({ gate }) => gate === name);
      return answer?.kind === 'open' || (answer?.kind === 'closed' && isOverruled);
    });
  }

  function learn(before: Rollout, { gates }: Observation, decision: Decision): Known {
    const known = history.get(keyOf(before.sequence, before.revision));
    const { rollout, entries } = decision;
    const last = known?.last ?? 'open';
    if (before.phase.kind === 'gating') {
      const isProved = gates.some((answer) => answer.kind === 'open' && answer.admission !== undefined);
      return { rollout, isLetIn: isPassed(before, gates), isProved, last, isFree: true };
    }
    const isOrdered = entries.some((each) => each.kind === 'commanded' && each.accepted);
    const answer = gates.length === 0 ? last : sumUp(gates, last);
    const isFree = gates.length > 0 || answer === 'waiting' || isOrdered;
    const { isLetIn: wasLetIn = false, isProved = false } = known ?? {};
    return { rollout, isLetIn: wasLetIn, isProved, last: answer, isFree };
  }

  function checkWish(before: Known | undefined, { rollout, last, isFree }: Known): void {
    if (before === undefined || !before.isProved) return;
    const isDecided = before.rollout.phase.kind === 'promoting';
    if (isDecided || wishedWeight(rollout) <= wishedWeight(before.rollout)) return;
    if (last === 'closed') report('lost evidence stops', `${rollout.id} goes on to more`);
    if (!isFree) report('evidence is seen before each step', `${rollout.id} goes on without`);
  }

  return {
    onWitnessed({ before, seen, decision }) {
      const { rollout } = decision;
      const known = learn(before, seen, decision);
      checkWish(history.get(keyOf(before.sequence, before.revision)), known);
      history.set(keyOf(rollout.sequence, rollout.revision), known);
    },
    onChange(target) {
      const { traffic, fence } = target.reading();
      const before = traffics.get(target) ?? home(null);
      traffics.set(target, traffic);
      const known = fence === null ? undefined : history.get(keyOf(fence.sequence, fence.revision));
      if (known === undefined) return;
      const { rollout, isLetIn: wasLetIn, isProved, last } = known;
      const share = shareOf(rollout.candidate, traffic);
      const wasThere = sameRelease(rollout.targets?.[target.name]?.home ?? null, rollout.candidate);
      if (share <= shareOf(rollout.candidate, before) || wasThere) return;
      if (!wasLetIn) report('nothing without admission', `${target.name} gives ${share} % to ${rollout.id}`);
      const isDecided = rollout.phase.kind === 'promoting' || rollout.phase.kind === 'ended';
      if (isProved && last === 'closed' && !isDecided) {
        report('lost evidence stops', `${target.name} goes up to ${share} % of ${rollout.id}`);
      }
    },
  };
}

function keyOf(sequence: number, revision: number): string {
  return `${sequence}/${revision}`;
}

function shareOf(candidate: Release, { stable, candidate: other, weight }: Traffic): Percent {
  if (sameRelease(stable, candidate)) return 100;
  return sameRelease(other, candidate) ? weight : 0;
}

/** What was closed stays so while a gate cannot answer. */
function sumUp(gates: readonly GateAnswer[], last: Known['last']): Known['last'] {
  if (gates.some(({ kind }) => kind === 'closed')) return 'closed';
  if (gates.every(({ kind }) => kind === 'open')) return 'open';
  return last === 'closed' ? 'closed' : 'waiting';
}
