import type { Random } from '../../../../core/random.ts';
import type { Percent } from '../../../../core/traffic.ts';

/** Slots of one round: weights are exact to a hundredth of a percent over a round of each kind below. */
const ROUND = 100;

/**
 * Decides request by request which arm it goes to, so that the share is exact and yet nothing can be read from the
 * order: every 100 requests are dealt from a freshly shuffled deck with as many candidate cards as the weight says. A
 * weight between whole percents is carried over from deck to deck.
 */
export function deck(random: Random): (weight: Percent) => boolean {
  let cards: boolean[] = [];
  let dealtFor: Percent | null = null;
  let carried = 0;

  function shuffle(weight: Percent): void {
    const wanted = weight + carried;
    const whole = Math.floor(wanted + 1e-9);
    carried = wanted - whole;
    cards = Array.from({ length: ROUND }, (_, index) => index < whole);
    for (let index = ROUND - 1; index > 0; index -= 1) {
      const other = random.below(index + 1);
      const card = cards[index] ?? false;
      cards[index] = cards[other] ?? false;
      cards[other] = card;
    }
  }

  return (weight) => {
    if (weight <= 0) return false;
    if (weight >= ROUND) return true;
    if (dealtFor !== weight) {
      dealtFor = weight;
      carried = 0;
      cards = [];
    }
    if (cards.length === 0) shuffle(weight);
    return cards.pop() ?? false;
  };
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const BUCKETS = 10_000;

/**
 * The bucket of a user, 0 to 9,999, from the value of the cookie or header that tells users apart. The same value
 * always lands in the same bucket; `salt` deals the users anew. FNV-1a with a final avalanche (Fowler, Noll, Vo;
 * finaliser of MurmurHash3 by Austin Appleby), as FNV alone mixes the last characters badly.
 */
export function bucketOfUser(value: string, salt: string): number {
  let hash = FNV_OFFSET;
  for (const text of [salt, '\0', value]) {
    for (let index = 0; index < text.length; index += 1) {
      hash = Math.imul(hash ^ text.charCodeAt(index), FNV_PRIME);
    }
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % BUCKETS;
}

/** Whether a user's bucket belongs to the candidate; weights count to a hundredth of a percent. A user who is in at one weight stays in at every higher one. */
export function isCandidateBucket(bucket: number, weight: Percent): boolean {
  return bucket < Math.round((weight * BUCKETS) / 100);
}
