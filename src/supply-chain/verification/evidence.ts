import type { Instant } from '../../core/time.ts';
import type { Statement } from '../attestations/statement.ts';
import type { SupplyChainCode } from '../error.ts';
import type { Digest } from '../oci/digest.ts';

/** A statement about an image whose signature and signer have been verified. What it says is for the policy to judge. */
export interface VerifiedStatement {
  /** Digest of the manifest that attaches it to the image. */
  readonly referrer: Digest;
  /** Digest of the bundle. */
  readonly bundle: Digest;
  /** Names of all trusted signers that it may count for; at least one. */
  readonly signers: readonly string[];
  /** What the signer showed: subject and issuer of a certificate, or the key's fingerprint. For people. */
  readonly identity: string;
  /** When it was signed, as a log or a timestamp authority says; null if only the signer could say. */
  readonly signedAt: Instant | null;
  readonly statement: Statement;
}

/** Something attached to the image that is not believed, and why. */
export interface RejectedBundle {
  readonly referrer: Digest;
  readonly code: SupplyChainCode;
  readonly detail: string;
  /** What it claims to be, unverified; null if that cannot be read. Only to say which evidence it would have been. */
  readonly claimsToBe: string | null;
}

/** Everything that is attached to an image. */
export interface AttachedEvidence {
  readonly statements: readonly VerifiedStatement[];
  readonly rejected: readonly RejectedBundle[];
}
