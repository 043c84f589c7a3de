import { createPublicKey } from 'node:crypto';
import { PublicKeyDetails, TrustedRoot, type PublicKey } from '@sigstore/protobuf-specs';
import { toTrustMaterial, Verifier } from '@sigstore/verify';
import type { Instant } from '../../core/time.ts';
import { SupplyChainError } from '../error.ts';
import { fingerprintOf } from '../signing/key-fingerprint.ts';
import type { KeylessSigner, KeySigner, TrustedSigner } from './trust.ts';
import { parseTrustedRoot } from './trusted-root.ts';

/** All signers that share a key. */
export interface KnownKey {
  readonly fingerprint: string;
  readonly names: readonly string[];
  readonly verifier: Verifier;
}

/** All signers that share a Sigstore instance and its thresholds. */
export interface KnownInstance {
  readonly signers: readonly KeylessSigner[];
  readonly verifier: Verifier;
}

/** Trusted signers, made ready to verify with. */
export interface KnownSigners {
  readonly keys: readonly KnownKey[];
  readonly instances: readonly KnownInstance[];
}

/**
 * Reads keys and roots. A key counts while `now` is in its window: without a log nobody but its holder says when something
 * was signed. Throws `BAD_TRUST`.
 */
export function knownSigners(signers: readonly TrustedSigner[], now: Instant): KnownSigners {
  return {
    keys: knownKeys(
      signers.filter((signer) => signer.kind === 'key'),
      now,
    ),
    instances: knownInstances(signers.filter((signer) => signer.kind === 'keyless')),
  };
}

function knownKeys(signers: readonly KeySigner[], now: Instant): readonly KnownKey[] {
  const valid = signers.flatMap(({ name, keys }) =>
    keys
      .filter(({ from, until }) => (from ?? now) <= now && now <= (until ?? now))
      .map(({ publicKey }) => ({ name, ...readKey(name, publicKey) })),
  );
  return [...Map.groupBy(valid, ({ fingerprint }) => fingerprint)].flatMap(([fingerprint, same]) => {
    const names = [...new Set(same.map(({ name }) => name))];
    return same
      .slice(0, 1)
      .map(({ key }) => ({ fingerprint, names, verifier: keyVerifier(fingerprint, key) }));
  });
}

function readKey(name: string, pem: string): { readonly fingerprint: string; readonly key: PublicKey } {
  try {
    const publicKey = createPublicKey(pem);
    const rawBytes = publicKey.export({ type: 'spki', format: 'der' });
    return {
      fingerprint: fingerprintOf(publicKey),
      key: { rawBytes, keyDetails: PublicKeyDetails.PKIX_ECDSA_P256_SHA_256 },
    };
  } catch (cause) {
    throw new SupplyChainError('BAD_TRUST', `a key of "${name}" is no public key in PEM`, { cause });
  }
}

const NO_ROOT = TrustedRoot.fromJSON({});

function keyVerifier(fingerprint: string, key: PublicKey): Verifier {
  const thresholds = { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 };
  return new Verifier(toTrustMaterial(NO_ROOT, { [fingerprint]: key }), thresholds);
}

function knownInstances(signers: readonly KeylessSigner[]): readonly KnownInstance[] {
  const byInstance = Map.groupBy(signers, ({ trustedRoot, thresholds }) =>
    JSON.stringify([trustedRoot, thresholds]),
  );
  return [...byInstance.values()].flatMap((same) =>
    same.slice(0, 1).map((first) => ({ signers: same, verifier: instanceVerifier(first) })),
  );
}

function instanceVerifier({ name, trustedRoot, thresholds }: KeylessSigner): Verifier {
  const { log, certificateLog, timestamp } = thresholds;
  if (timestamp < 1) {
    throw new SupplyChainError(
      'BAD_TRUST',
      `"${name}" must ask for at least one timestamp: certificates that are valid for minutes prove nothing without`,
    );
  }
  const { root } = parseTrustedRoot(trustedRoot, name);
  return new Verifier(toTrustMaterial(root), {
    tlogThreshold: log,
    ctlogThreshold: certificateLog,
    timestampThreshold: timestamp,
  });
}
