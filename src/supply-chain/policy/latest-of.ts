import type { Instant } from '../../core/time.ts';
import type { Claim, ClaimKind } from './claim.ts';
import { type Case, counts, type Piece, piecesBy, type UnreadablePiece } from './piece.ts';

/** The newest pieces of a kind: one, or several when they are equally old. */
export interface Latest<Kind extends ClaimKind> {
  readonly pieces: readonly Piece<Extract<Claim, { kind: Kind }>>[];
  readonly unreadable: readonly UnreadablePiece[];
}

/**
 * The newest evidence of a kind by any of the signers; null when there is none. A newer bad one wins over an older good
 * one, whoever of them made it. What cannot be read is as new as the log says, or else the newest: it may be the bad news.
 */
export function latestOf<Kind extends ClaimKind>(
  all: Case,
  kind: Kind,
  signers: readonly string[],
  when: (claim: Extract<Claim, { kind: Kind }>) => Instant,
  isMeant: (claim: Extract<Claim, { kind: Kind }>) => boolean = () => true,
): Latest<Kind> | null {
  const pieces = piecesBy(all, kind, signers).filter(({ claim }) => isMeant(claim));
  const unreadable = all.unreadable.filter(({ as, verified }) => as === kind && counts(verified, signers));
  const newest = [...pieces.map(({ claim }) => when(claim)), ...unreadable.map(signedAt)].reduce(
    (latest, at) => Math.max(latest, at),
    -Infinity,
  );
  if (pieces.length + unreadable.length === 0) return null;
  return {
    pieces: pieces.filter(({ claim }) => when(claim) === newest),
    unreadable: unreadable.filter((piece) => signedAt(piece) === newest),
  };
}

function signedAt({ verified }: UnreadablePiece): Instant {
  return verified.signedAt ?? Infinity;
}
