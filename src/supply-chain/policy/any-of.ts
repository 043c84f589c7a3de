import type { Refusal } from '../../core/permission/admission.ts';
import type { SupplyChainCode } from '../error.ts';
import type { Outcome } from './assessment.ts';
import type { Claim, ClaimKind } from './claim.ts';
import { type Case, counts, NOUNS, type Piece, piecesBy, short, used, whyNothingCounts } from './piece.ts';
import { refusal } from './refusal-codes.ts';

/** How one kind of evidence is judged where any good piece is enough. */
interface AnyOf<Kind extends ClaimKind> {
  readonly kind: Kind;
  readonly signers: readonly string[];
  /** The code for "there is none". */
  readonly missing: SupplyChainCode;
  /** Why this piece is not good; nothing when it is. */
  readonly faults: (claim: Extract<Claim, { kind: Kind }>) => readonly Refusal[];
  /** What it says, in a sentence without a full stop. */
  readonly says: (claim: Extract<Claim, { kind: Kind }>) => string;
}

/** Met by the first piece of a trusted signer that has no fault. Else every piece says why it did not count. */
export function anyOf<Kind extends ClaimKind>(all: Case, { kind, signers, ...rest }: AnyOf<Kind>): Outcome {
  const judged = piecesBy(all, kind, signers).map((piece) => ({
    piece,
    faults: rest.faults(piece.claim).map((fault) => about(kind, piece.verified.referrer, fault)),
  }));
  const good = judged.find(({ faults }) => faults.length === 0);
  if (good !== undefined) {
    const { piece } = good;
    const at = piece.verified.signedAt ?? madeAt(piece.claim);
    return {
      kind: 'met',
      evidence: [used(piece, signers, { at, says: rest.says(piece.claim) })],
      notes: companions(piece),
    };
  }
  const unreadable = all.unreadable
    .filter(({ as, verified }) => as === kind && counts(verified, signers))
    .map(({ verified, detail }) => about(kind, verified.referrer, refusal('MALFORMED_STATEMENT', detail)));
  const failed = [...judged.flatMap(({ faults }) => faults), ...unreadable];
  return {
    kind: 'unmet',
    refusals: failed.length > 0 ? failed : whyNothingCounts(all, kind, signers, rest.missing),
    notes: [],
  };
}

function about(kind: ClaimKind, referrer: string, { code, detail, remedy }: Refusal): Refusal {
  return { code, detail: `the ${NOUNS[kind]} ${short(referrer)}: ${detail}`, remedy };
}

function madeAt(claim: Claim) {
  return claim.kind === 'provenance' ? claim.builtAt : null;
}

/** Evidence may be about several images at once, which is allowed and told. */
export function companions({ verified, claim }: Piece): readonly string[] {
  const others = verified.statement.subject.length - 1;
  if (others === 0) return [];
  return [
    `the ${NOUNS[claim.kind]} ${short(verified.referrer)} is about ${others} other ${others === 1 ? 'subject' : 'subjects'} as well`,
  ];
}
