import { X509Certificate } from 'node:crypto';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { SupplyChainError } from '../error.ts';

/** A Sigstore instance that is trusted. */
export interface TrustedInstance {
  readonly root: TrustedRoot;
  /** Whether it is one of the instances that anybody can be anybody in, made for tests. */
  readonly isMock: boolean;
}

const MOCK_ORGANIZATION = 'sigstore.mock';

/**
 * Reads a Sigstore TrustedRoot document. Every authority in it must say since when it is valid: one without a beginning
 * would be believed for times at which it did not exist. Throws `BAD_TRUST`.
 */
export function parseTrustedRoot(document: unknown, signer: string): TrustedInstance {
  const root = read(document, signer);
  const { certificateAuthorities, tlogs, ctlogs, timestampAuthorities } = root;
  if (certificateAuthorities.length === 0) throw bad(signer, 'has no certificate authority');
  const beginnings = [
    ...[...certificateAuthorities, ...timestampAuthorities].map(({ validFor }) => validFor?.start),
    ...[...tlogs, ...ctlogs].map(({ publicKey }) => publicKey?.validFor?.start),
  ];
  if (beginnings.some((start) => start === undefined)) {
    throw bad(signer, 'has an authority or a log without the time since when it is valid (validFor.start)');
  }
  return { root, isMock: certificatesOf(root, signer).some(isMadeForTests) };
}

/** What its certificates say counts, and not what the document says of them. */
function isMadeForTests({ subject }: X509Certificate): boolean {
  return subject.split('\n').includes(`O=${MOCK_ORGANIZATION}`);
}

function certificatesOf(root: TrustedRoot, signer: string): readonly X509Certificate[] {
  const chains = [...root.certificateAuthorities, ...root.timestampAuthorities].map(
    ({ certChain }) => certChain?.certificates ?? [],
  );
  if (chains.some((chain) => chain.length === 0)) throw bad(signer, 'has an authority without a certificate');
  try {
    return chains.flat().map(({ rawBytes }) => new X509Certificate(rawBytes));
  } catch (cause) {
    throw bad(signer, 'has a certificate that cannot be read', cause);
  }
}

function read(document: unknown, signer: string): TrustedRoot {
  if (typeof document !== 'object' || document === null) throw bad(signer, 'is no JSON object');
  try {
    return TrustedRoot.fromJSON(document);
  } catch (cause) {
    throw bad(signer, 'is no Sigstore TrustedRoot document', cause);
  }
}

function bad(signer: string, why: string, cause?: unknown): SupplyChainError {
  const options = cause === undefined ? undefined : { cause };
  return new SupplyChainError('BAD_TRUST', `the trusted root of "${signer}" ${why}`, options);
}
