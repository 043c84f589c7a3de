import type { Instant } from '../../core/time.ts';
import type { SupplyChainCode } from '../error.ts';

/** What became of a bundle when it was held against one trusted signer. */
export type Outcome = Trusted | Refused;

/** It is theirs. */
export interface Trusted {
  readonly kind: 'trusted';
  /** What the signer showed, for people. */
  readonly identity: string;
  readonly signedAt: Instant | null;
}

/** It is not theirs, or not proven to be. */
export interface Refused {
  readonly kind: 'refused';
  readonly code: SupplyChainCode;
  readonly detail: string;
  readonly tells: Tells;
}

/**
 * How much a refusal tells, the most first: it verifies and is somebody else's; it should be theirs and does not verify;
 * it is not known there at all.
 */
export type Tells = 'another' | 'broken' | 'stranger';

const ORDER: readonly Tells[] = ['another', 'broken', 'stranger'];

export function refused(code: SupplyChainCode, detail: string, tells: Tells): Refused {
  return { kind: 'refused', code, detail, tells };
}

/** Of several signers' refusals the one that tells most about the bundle. */
export function mostTelling(first: Refused, others: readonly Refused[]): Refused {
  return others.reduce(
    (best, each) => (ORDER.indexOf(each.tells) < ORDER.indexOf(best.tells) ? each : best),
    first,
  );
}
