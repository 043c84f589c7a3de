import type { GateAnswer } from '../../src/core/observation.ts';
import type { Random } from '../../src/core/random.ts';
import type { Instant, Milliseconds, Window } from '../../src/core/time.ts';
import { approvalGate } from '../../src/gates/approval.ts';
import type { Gate } from '../../src/gates/gate.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** The gate that is asked again while a rollout is under way. */
export const EVIDENCE = 'supply chain' as const;

/** When a gate does not say yes. */
export interface Spell {
  readonly window: Window;
  readonly kind: 'closed' | 'silent';
}

/** A gate that is open but for its spells. */
function moody(name: string, clock: VirtualClock, spells: readonly Spell[], asksAgain: boolean): Gate {
  return {
    name,
    asksAgain,
    async ask(): Promise<GateAnswer> {
      const spell = spells.find(({ window }) => clock.now() >= window.from && clock.now() < window.to);
      if (spell?.kind === 'silent') throw new Error('the registry answered 503');
      if (spell?.kind === 'closed') return { gate: name, kind: 'closed', detail: 'not now' };
      if (!asksAgain) return { gate: name, kind: 'open' };
      return { gate: name, kind: 'open', admission: { policy: '', evidence: [], builtAt: null } };
    },
  };
}

/** What keeps rollouts from beginning in a history, or from going on. All of it is over when the trouble is. */
export interface Moods {
  readonly evidence: readonly Spell[];
  readonly freeze: readonly Spell[];
}

/** Chooses when the gates are shut, within `trouble`. Evidence mostly turns bad when the rollout is under way. */
export function pickMoods(random: Random, trouble: Window): Moods {
  const spell = (earliest: Milliseconds, spread: Milliseconds, longest: Milliseconds): Spell => {
    const from = trouble.from + earliest + random.below(spread);
    const to = Math.min(trouble.to, from + random.below(longest));
    return { window: { from, to }, kind: random.chance(0.7) ? 'closed' : 'silent' };
  };
  // A registry that has said no may be gone the next time.
  const andThenSilent = (first: Spell): readonly Spell[] => {
    const to = Math.min(trouble.to, first.window.to + random.below(60_000));
    return [first, { window: { from: first.window.to, to }, kind: 'silent' }];
  };
  const freezes = random.chance(0.3);
  return {
    evidence: random.chance(0.7)
      ? [...andThenSilent(spell(4_000, 40_000, 60_000)), spell(60_000, 90_000, 90_000)]
      : [],
    freeze: freezes ? andThenSilent(spell(0, 2_000, 120_000)) : [],
  };
}

/** The gates of a history; those for images only where there are images. */
export function simulatedGates(
  clock: VirtualClock,
  { evidence, freeze }: Moods,
  hasImages: boolean,
): readonly Gate[] {
  const usual = [approvalGate(clock), moody('freeze', clock, freeze, false)];
  return hasImages ? [...usual, moody(EVIDENCE, clock, evidence, true)] : usual;
}

/** Something that a person said at the gates. */
export interface Said {
  readonly by: string;
  readonly at: Instant;
}
