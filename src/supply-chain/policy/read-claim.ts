import { z } from 'zod';
import type { VerifiedStatement } from '../verification/evidence.ts';
import type { Claim, ClaimKind } from './claim.ts';
import type { Piece, UnreadablePiece } from './piece.ts';
import {
  cyclonedxPredicate,
  exceptionPredicate,
  provenancePredicate,
  scanPredicate,
  spdxPredicate,
  verdictPredicate,
} from './predicates.ts';

interface PredicateReader {
  readonly kind: ClaimKind;
  /** Whether it is a predicate of this type. The expressions match whole types only. */
  readonly type: RegExp;
  readonly read: z.ZodType<Claim>;
}

const READERS: readonly PredicateReader[] = [
  {
    kind: 'signature',
    type: /^https:\/\/sigstore\.dev\/cosign\/sign\/v1$/,
    read: z.unknown().transform(() => ({ kind: 'signature' as const })),
  },
  { kind: 'provenance', type: /^https:\/\/slsa\.dev\/provenance\/v1$/, read: provenancePredicate },
  { kind: 'sbom', type: /^https:\/\/cyclonedx\.org\/bom(\/v\d+\.\d+)?$/, read: cyclonedxPredicate },
  { kind: 'sbom', type: /^https:\/\/spdx\.dev\/Document(\/v\d+(\.\d+)*)?$/, read: spdxPredicate },
  { kind: 'scan', type: /^https:\/\/in-toto\.io\/attestation\/vulns(\/v0\.[12])?$/, read: scanPredicate },
  { kind: 'exception', type: /^https:\/\/openvex\.dev\/ns(\/v0\.2\.0)?$/, read: exceptionPredicate },
  { kind: 'verdict', type: /^https:\/\/slsa\.dev\/verification_summary\/v1$/, read: verdictPredicate },
];

/** Which kind of evidence a type of predicate is; null for those that no rule asks for. */
export function kindOfPredicate(type: string): ClaimKind | null {
  return READERS.find((reader) => reader.type.test(type))?.kind ?? null;
}

/** Why no rule could make use of a predicate of this type; null if they can, or if none asks for its kind. */
export function predicateFault(type: string, predicate: unknown): string | null {
  const error = READERS.find((reader) => reader.type.test(type))?.read.safeParse(predicate).error;
  return error === undefined ? null : sayFault(error);
}

/** What a statement says; nothing if no rule asks for its kind. Never throws. */
export function readClaim(verified: VerifiedStatement): readonly (Piece | UnreadablePiece)[] {
  const { predicateType, predicate } = verified.statement;
  const reader = READERS.find(({ type }) => type.test(predicateType));
  if (reader === undefined) return [];
  const read = reader.read.safeParse(predicate);
  if (read.success) return [{ verified, claim: read.data }];
  return [{ verified, as: reader.kind, detail: sayFault(read.error) }];
}

function sayFault(error: z.ZodError): string {
  return z.prettifyError(error).slice(0, 500);
}
