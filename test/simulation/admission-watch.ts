import type { decide } from '../../src/core/decide.ts';
import type { Decision } from '../../src/core/decision.ts';
import type { GateAnswer, Observation } from '../../src/core/observation.ts';
import { type Release, sameRelease } from '../../src/core/release.ts';
import type { Rollout } from '../../src/core/rollout.ts';
import type { Instant } from '../../src/core/time.ts';
import { home, type Percent, type Traffic } from '../../src/core/traffic.ts';
import { wishedWeight } from '../../src/core/wish.ts';
import type { Store } from '../../src/stores/store.ts';
import type { Conditions } from './conditions.ts';
import type { Violation } from './invariants.ts';
import type { SimulatedTarget } from './simulated-target.ts';

/**
 * Watches what gates and people really said, whatever the judgement made of it, and reports every broken promise:
 * - nothing without admission: no traffic for a candidate before all gates were open in one observation, or a closed one
 *   was overruled by a second person; whoever asked for the rollout never counts;
 * - lost evidence stops: neither the wish for more traffic nor traffic itself rises while a gate is closed that was asked
 *   again, but for a promotion that was decided before;
 * - evidence is seen before each step, but for an outage of the gate, or when a person does not wait.
 */
export interface AdmissionWatch {
  readonly violations: readonly Violation[];
  /** The judgement, watched. */
  readonly watched: (judge: typeof decide) => typeof decide;
  /** The store, watched: also of a controller that dies before it hears that it has committed. */
  readonly watchedStore: (store: Store) => Store;
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

export function admissionWatch(now: () => Instant, conditions: Conditions): AdmissionWatch {
  const violations: Violation[] = [];
  const decided = new WeakMap<Rollout, Known>();
  const history = new Map<string, Known>();
  const traffics = new Map<SimulatedTarget, Traffic>();

  function report(invariant: string, detail: string): void {
    violations.push({ at: now(), invariant, detail });
  }

  function learn(before: Rollout, { gates }: Observation, decision: Decision): Known {
    const known = history.get(keyOf(before.sequence, before.revision));
    const { rollout, entries } = decision;
    const last = known?.last ?? 'open';
    if (before.phase.kind === 'gating') {
      const isProved = gates.some((answer) => answer.kind === 'open' && answer.admission !== undefined);
      return { rollout, isLetIn: isLetIn(before, gates, conditions), isProved, last, isFree: true };
    }
    const isOrdered = entries.some((each) => each.kind === 'commanded' && each.accepted);
    const answer = gates.length === 0 ? last : sumUp(gates);
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

  function remember(rollout: Rollout): void {
    const known = decided.get(rollout);
    if (known === undefined) return;
    checkWish(history.get(keyOf(rollout.sequence, rollout.revision - 1)), known);
    history.set(keyOf(rollout.sequence, rollout.revision), known);
  }

  return {
    violations,
    watched: (judge) => (before, observation, at) => {
      const decision = judge(before, observation, at);
      decided.set(decision.rollout, learn(before, observation, decision));
      return decision;
    },
    watchedStore: (store) => ({
      ...store,
      async commit(decisions) {
        const results = await store.commit(decisions);
        for (const [index, { rollout }] of decisions.entries()) {
          if (results[index] === 'committed') remember(rollout);
        }
        return results;
      },
    }),
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

function sumUp(gates: readonly GateAnswer[]): Known['last'] {
  if (gates.some(({ kind }) => kind === 'closed')) return 'closed';
  return gates.some(({ kind }) => kind === 'waiting') ? 'waiting' : 'open';
}

/** By what gates and people really said. */
function isLetIn(
  { id, requestedBy, overrides, plan }: Rollout,
  answers: readonly GateAnswer[],
  { gates, approvals }: Conditions,
): boolean {
  const people = new Set(approvals.flatMap((yes) => (yes.rollout === id ? [yes.by] : [])));
  people.delete(requestedBy);
  const needed = plan.purpose === 'return' ? 0 : (plan.approval?.people ?? 0);
  if (people.size < needed) return false;
  return ['turn', ...gates.map(({ name }) => name)].every((name) => {
    const answer = answers.find(({ gate }) => gate === name);
    const isOverruled = overrides.some(({ gate }) => gate === name) && people.size > 0;
    return answer?.kind === 'open' || (answer?.kind === 'closed' && isOverruled);
  });
}
