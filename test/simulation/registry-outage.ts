import type { Window } from '../../src/core/time.ts';
import type { Notary } from '../../src/notaries/notary.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** When the registry that verdicts are attached in does not answer; null where it never does. */
export type Away = Window | null;

/** The notary while its registry is away now and then. */
export function withOutage(notary: Notary, clock: VirtualClock, away: Away): Notary {
  async function check(): Promise<void> {
    const isAway = away === null || (clock.now() >= away.from && clock.now() < away.to);
    if (isAway) throw new Error('the registry answered 503');
  }
  return {
    find: (...args) => check().then(() => notary.find(...args)),
    attest: (...args) => check().then(() => notary.attest(...args)),
  };
}
