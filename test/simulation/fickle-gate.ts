import type { Admission } from '../../src/core/admission.ts';
import type { GateAnswer } from '../../src/core/observation.ts';
import type { Random } from '../../src/core/random.ts';
import type { Instant, Milliseconds } from '../../src/core/time.ts';
import type { Clock } from '../../src/clock/clock.ts';
import type { Gate } from '../../src/gates/gate.ts';

/** What a gate does when it is asked. */
type Mood = 'opens' | 'closes' | 'waits' | 'fails' | 'hangs';

export interface FickleGate {
  readonly name: string;
  /** Until then it changes its mind; from then on it is open. */
  readonly until: Instant;
  /** The longest that it is of one mind. */
  readonly longest: Milliseconds;
  /** By what it lets in; null where it asks for no evidence. */
  readonly admission: Admission | null;
}

const MOODS: readonly Mood[] = ['opens', 'opens', 'opens', 'closes', 'closes', 'waits', 'fails', 'hangs'];

/** A gate that opens, closes and does not answer as chance will have it. One that asks for evidence asks again. */
export function fickleGate(
  { name, until, longest, admission }: FickleGate,
  clock: Clock,
  random: Random,
): Gate {
  const moods: { readonly from: Instant; readonly mood: Mood }[] = [];
  let from = clock.now();
  moods.push({ from, mood: random.chance(0.8) ? 'opens' : (MOODS[random.below(MOODS.length)] ?? 'opens') });
  for (from += random.below(longest); from < until; from += random.below(longest)) {
    moods.push({ from, mood: MOODS[random.below(MOODS.length)] ?? 'opens' });
  }
  moods.push({ from: until, mood: 'opens' });

  async function ask(): Promise<GateAnswer> {
    const { mood } = moods.findLast((each) => each.from <= clock.now()) ?? { mood: 'opens' };
    switch (mood) {
      case 'opens':
        return { gate: name, kind: 'open', ...(admission === null ? {} : { admission }) };
      case 'closes':
        return { gate: name, kind: 'closed', detail: 'it says no' };
      case 'waits':
        return { gate: name, kind: 'waiting', detail: 'it cannot say yet' };
      case 'fails':
        throw new Error(`${name} cannot be asked`);
      case 'hangs':
        return new Promise<never>(() => {});
      default:
        return mood satisfies never;
    }
  }
  return { name, asksAgain: admission !== null, ask };
}
