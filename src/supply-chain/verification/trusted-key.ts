import { createPublicKey, type KeyObject } from 'node:crypto';
import { SupplyChainError } from '../error.ts';

/** Reads a public key that may be trusted: ECDSA on P-256, Ed25519, or RSA of 2048 bits and more. Throws `BAD_TRUST`. */
export function parseTrustedKey(pem: string, signer: string): KeyObject {
  const key = publicKeyOf(pem, signer);
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const isStrong =
    (type === 'ec' && details?.namedCurve === 'prime256v1') ||
    type === 'ed25519' ||
    (type === 'rsa' && (details?.modulusLength ?? 0) >= 2048);
  if (isStrong) return key;
  throw bad(signer, 'is of a kind that is not trusted: take ECDSA on P-256, Ed25519, or RSA of 2048 bits');
}

/** Node makes a public key of a private one too, which must not be lying in a configuration. */
function publicKeyOf(pem: string, signer: string): KeyObject {
  if (pem.includes('PRIVATE KEY')) {
    throw bad(signer, 'is a private key: give the public one, and make a new pair if others have seen it');
  }
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw bad(signer, 'is no public key in PEM', cause);
  }
}

function bad(signer: string, why: string, cause?: unknown): SupplyChainError {
  const options = cause === undefined ? undefined : { cause };
  return new SupplyChainError('BAD_TRUST', `a key of "${signer}" ${why}`, options);
}
