import { createPublicKey, type KeyObject } from 'node:crypto';
import type { Instant } from '../../core/time.ts';
import { SupplyChainError } from '../error.ts';
import { keyHint } from '../signing/key-signer.ts';
import { refused, type Outcome } from './outcome.ts';
import type { ReadBundle } from './sigstore-bundle.ts';
import type { KeySigner } from './trust.ts';

interface UsableKey {
  readonly key: KeyObject;
  readonly hint: string;
  readonly from: Instant | null;
  readonly until: Instant | null;
}

/**
 * Makes the check for somebody who signs with keys. A key counts while it may be used: from `from` until `until`, by the
 * time at which the evidence is read. When a signature was made only its maker says, and whoever got hold of an old key
 * could say anything. Throws `BAD_TRUST`.
 */
export function keyedCheck({ name, keys }: KeySigner, now: Instant): (bundle: ReadBundle) => Outcome {
  const usable = keys.map(({ publicKey, from, until }) => {
    const key = parseKey(publicKey, name);
    return { key, hint: keyHint(key), from, until };
  });
  return ({ hint, entity }) => {
    // Others name a key by what they like, such as its place in a KMS; then each is tried.
    const named = usable.filter((each) => each.hint === hint);
    const tried = named.length > 0 ? named : usable;
    const signer = tried.find(({ key }) => entity.signature.verifySignature(key));
    if (signer !== undefined) return inTime(signer, name, now);
    return named.length > 0
      ? refused(
          'SIGNATURE_ERROR',
          `it names a key of ${name}, and the signature is not by that key`,
          'broken',
        )
      : refused('UNTRUSTED_SIGNER', `it is signed with a key that is none of ${name}`, 'stranger');
  };
}

function inTime({ hint, from, until }: UsableKey, name: string, now: Instant): Outcome {
  if (from !== null && now < from) {
    return refused('UNTRUSTED_SIGNER', `the key ${hint} of ${name} counts from ${say(from)} only`, 'another');
  }
  if (until !== null && now >= until) {
    return refused('UNTRUSTED_SIGNER', `the key ${hint} of ${name} counted until ${say(until)}`, 'another');
  }
  return { kind: 'trusted', identity: `key SHA256:${hint}`, signedAt: null };
}

/** Reads a key that may be trusted: ECDSA on P-256, Ed25519, or RSA of 2048 bits and more. */
function parseKey(pem: string, name: string): KeyObject {
  const key = publicKeyOf(pem, name);
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const isStrong =
    (type === 'ec' && details?.namedCurve === 'prime256v1') ||
    type === 'ed25519' ||
    (type === 'rsa' && (details?.modulusLength ?? 0) >= 2048);
  if (isStrong) return key;
  throw new SupplyChainError(
    'BAD_TRUST',
    `a key of ${name} is of a kind that is not trusted: it must be ECDSA on P-256, Ed25519, or RSA with 2048 bits or more`,
  );
}

function publicKeyOf(pem: string, name: string): KeyObject {
  if (!pem.includes('-----BEGIN PUBLIC KEY-----')) {
    throw new SupplyChainError('BAD_TRUST', `a key of ${name} is not a public key in PEM (BEGIN PUBLIC KEY)`);
  }
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw new SupplyChainError('BAD_TRUST', `a public key of ${name} cannot be read`, { cause });
  }
}

function say(instant: Instant): string {
  return new Date(instant).toISOString();
}
