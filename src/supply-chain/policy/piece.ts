import type { EvidenceUsed, Refusal } from '../../core/permission/admission.ts';
import { sayDuration, type Instant, type Milliseconds } from '../../core/time.ts';
import type { SupplyChainCode } from '../error.ts';
import type { RejectedBundle, VerifiedStatement } from '../verification/evidence.ts';
import type { JudgedImage } from './assessment.ts';
import type { Claim, ClaimKind } from './claim.ts';
import { refusal } from './refusal-codes.ts';

/** A verified statement about the image, and what it says. */
export interface Piece<Said extends Claim = Claim> {
  readonly verified: VerifiedStatement;
  readonly claim: Said;
}

/** A verified statement of a type that is known, which does not say what that type asks for. */
export interface UnreadablePiece {
  readonly verified: VerifiedStatement;
  readonly as: ClaimKind;
  readonly detail: string;
}

/** All that rules are judged by. */
export interface Case {
  readonly image: JudgedImage;
  readonly pieces: readonly Piece[];
  readonly unreadable: readonly UnreadablePiece[];
  readonly rejected: readonly (RejectedBundle & { readonly as: ClaimKind | null })[];
  readonly now: Instant;
}

/** How far clocks of others may be ahead of ours. */
export const CLOCK_SKEW: Milliseconds = 60_000;

/** The pieces of a kind that are by one of these signers. */
export function piecesBy<Kind extends ClaimKind>(
  { pieces }: Case,
  kind: Kind,
  signers: readonly string[],
): readonly Piece<Extract<Claim, { kind: Kind }>>[] {
  return pieces.filter(
    (piece): piece is Piece<Extract<Claim, { kind: Kind }>> =>
      piece.claim.kind === kind && counts(piece.verified, signers),
  );
}

/** Whether it is by one of these signers. */
export function counts(verified: VerifiedStatement, signers: readonly string[]): boolean {
  return verified.signers.some((signer) => signers.includes(signer));
}

/** Why everything that is attached and looks like this kind of evidence does not count; `missing` when there is nothing. */
export function whyNothingCounts(
  all: Case,
  kind: ClaimKind,
  signers: readonly string[],
  missing: SupplyChainCode,
): readonly Refusal[] {
  const others = [...all.pieces, ...all.unreadable].filter(
    (piece) => kindOf(piece) === kind && !counts(piece.verified, signers),
  );
  const found = [
    ...others.map(({ verified }) =>
      refusal(
        'UNTRUSTED_SIGNER',
        `the ${NOUNS[kind]} ${short(verified.referrer)} is by ${sayWho(verified, null)}, and only that of ${sayNames(signers)} counts`,
      ),
    ),
    ...all.rejected
      .filter(({ as }) => as === kind)
      .map(({ code, referrer, detail }) =>
        refusal(code, `what claims to be the ${NOUNS[kind]}, ${short(referrer)}, does not count: ${detail}`),
      ),
  ];
  if (found.length > 0) return found;
  return [refusal(missing, `no ${NOUNS[kind]} of ${sayNames(signers)} is attached to the image`)];
}

function kindOf(piece: Piece | UnreadablePiece): ClaimKind {
  return 'as' in piece ? piece.as : piece.claim.kind;
}

/** The evidence of an admission. `signers` are those of the rule. */
export function used(
  { verified, claim }: Piece,
  signers: readonly string[],
  { at, says }: Pick<EvidenceUsed, 'at' | 'says'>,
): EvidenceUsed {
  const { referrer, bundle } = verified;
  return { kind: claim.kind, referrer, bundle, signer: sayWho(verified, signers), at, says };
}

/** The trusted signer's name, of those that count here, and what it showed. */
function sayWho({ signers, identity }: VerifiedStatement, counting: readonly string[] | null): string {
  const names = counting === null ? signers : signers.filter((signer) => counting.includes(signer));
  return `${names.join(', ')} (${identity})`;
}

/** `a`, `a or b`, `a, b or c`. */
export function sayNames(names: readonly string[]): string {
  const last = names.at(-1) ?? 'nobody';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} or ${last}`;
}

/** Enough of a digest to find it by. */
export function short(digest: string): string {
  return `${digest.slice(0, 'sha256:'.length + 12)}…`;
}

/** How long ago something was, for people. */
export function sayAge(now: Instant, at: Instant): string {
  return `${sayDuration(Math.max(0, now - at))} ago`;
}

export const NOUNS: Readonly<Record<ClaimKind, string>> = {
  signature: 'signature',
  provenance: 'provenance',
  sbom: 'SBOM',
  scan: 'scan',
  exception: 'exception (VEX)',
  verdict: 'verdict',
};
