import type { Instant } from '../../core/time.ts';
import { isAbout, parseStatement, STATEMENT_PAYLOAD, type Statement } from '../attestations/statement.ts';
import { messageOf, SupplyChainError } from '../error.ts';
import type { Digest } from '../oci/digest.ts';
import { keyedCheck } from './keyed.ts';
import { keylessCheck } from './keyless.ts';
import { mostTelling, refused, type Outcome, type Refused } from './outcome.ts';
import { readBundle, type ReadBundle } from './sigstore-bundle.ts';
import type { TrustedSigner } from './trust.ts';

/** A statement in a bundle that is signed by somebody who is trusted. */
export interface VerifiedBundle {
  readonly kind: 'verified';
  readonly signers: readonly string[];
  readonly identity: string;
  readonly signedAt: Instant | null;
  readonly statement: Statement;
}

/** Says of a bundle what is wrong with it, or what it proves about an image. Never throws, whatever the bytes are. */
export type BundleVerifier = (bytes: Uint8Array, image: Digest) => VerifiedBundle | Refused;

/** Makes a verifier that believes these signers. Throws `BAD_TRUST` when a key or a root cannot be used. */
export function bundleVerifier(signers: readonly TrustedSigner[], now: Instant): BundleVerifier {
  const checks = signers.map((signer) => ({
    name: signer.name,
    kind: signer.kind,
    check: signer.kind === 'key' ? keyedCheck(signer, now) : keylessCheck(signer, now),
  }));

  function verify(bytes: Uint8Array, image: Digest): VerifiedBundle | Refused {
    const bundle = readBundle(bytes);
    const outcomes = checks
      .filter(({ kind }) => kind === bundle.kind)
      .map(({ name, check }) => ({ name, outcome: check(bundle) }));
    const trusted = outcomes.flatMap(({ name, outcome }) =>
      outcome.kind === 'trusted' ? [{ name, ...outcome }] : [],
    );
    const [first] = trusted;
    if (first === undefined)
      return whyNot(
        bundle,
        outcomes.map(({ outcome }) => outcome),
      );
    const statement = statementAbout(bundle, image);
    const { identity, signedAt } = first;
    return { kind: 'verified', signers: trusted.map(({ name }) => name), identity, signedAt, statement };
  }

  return (bytes, image) => {
    try {
      return verify(bytes, image);
    } catch (error) {
      const code = error instanceof SupplyChainError ? error.code : 'MALFORMED_BUNDLE';
      return refused(code, messageOf(error), 'stranger');
    }
  };
}

function whyNot({ kind }: ReadBundle, outcomes: readonly Outcome[]): Refused {
  const how = kind === 'key' ? 'with a key' : 'with a certificate';
  const nobody = `it is signed ${how}, and nobody is trusted who signs like that`;
  const refusals = outcomes.filter((outcome) => outcome.kind === 'refused');
  const [first, ...others] = refusals;
  return first === undefined ? refused('UNTRUSTED_SIGNER', nobody, 'stranger') : mostTelling(first, others);
}

function statementAbout({ payload, payloadType }: ReadBundle, image: Digest): Statement {
  if (payloadType !== STATEMENT_PAYLOAD) {
    throw new SupplyChainError(
      'PAYLOAD_TYPE',
      `what was signed is "${payloadType.slice(0, 100)}", not an in-toto statement`,
    );
  }
  const statement = parseStatement(payload);
  if (isAbout(statement, image)) return statement;
  throw new SupplyChainError('SUBJECT_MISMATCH', `the statement is not about ${image}`);
}
