import type { Instant } from '../time.ts';

/** What a piece of evidence about an image says. */
export type EvidenceKind = 'signature' | 'provenance' | 'sbom' | 'scan' | 'exception' | 'verdict';

/** A verified piece of evidence that a gate let a release in by. Digests say exactly which one it was. */
export interface EvidenceUsed {
  readonly kind: EvidenceKind;
  /** Digest of the manifest that attaches it to the image. */
  readonly referrer: string;
  /** Digest of the signed bundle itself. */
  readonly bundle: string;
  /** Who vouches for it: the name of the trusted signer, and the identity that it showed. */
  readonly signer: string;
  /** When it was made, by its own word or that of a log; null if neither says. */
  readonly at: Instant | null;
  /** What it says, in one sentence without a full stop: `no vulnerability above medium, 12 known`. */
  readonly says: string;
}

/** Why a release was let in. There is no admission without its evidence. */
export interface Admission {
  /** Digest of the policy that was applied. */
  readonly policy: string;
  readonly evidence: readonly EvidenceUsed[];
  /** When the image was built, by its provenance; null if it has none. */
  readonly builtAt: Instant | null;
}

/** One reason for which a release was not let in. */
export interface Refusal {
  /** One of a closed list, in capitals: `VULNERABLE`. For programs, and for looking it up. */
  readonly code: string;
  /** One sentence without a full stop. */
  readonly detail: string;
  /** What a person can do about it. */
  readonly remedy: string;
}
