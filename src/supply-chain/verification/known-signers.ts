import { PublicKeyDetails, TrustedRoot, type PublicKey } from '@sigstore/protobuf-specs';
import { toTrustMaterial, Verifier } from '@sigstore/verify';
import type { Instant } from '../../core/time.ts';
import { SupplyChainError } from '../error.ts';
import { fingerprintOf } from '../signing/key-fingerprint.ts';
import type { KeylessSigner, KeySigner, TrustedSigner } from './trust.ts';
import { parseTrustedKey } from './trusted-key.ts';
import { parseTrustedRoot } from './trusted-root.ts';

/** All signers that share a key. */
export interface KnownKey {
  readonly fingerprint: string;
  /** Those for whom it counts now. */
  readonly names: readonly string[];
  /** For whom it does not count now, and when it does: `build, from 2026-01-01T00:00:00.000Z`. */
  readonly outOfTime: readonly string[];
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
  /** The time by which they are asked. */
  readonly now: Instant;
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
    now,
  };
}

function knownKeys(signers: readonly KeySigner[], now: Instant): readonly KnownKey[] {
  const all = signers.flatMap(({ name, keys }) =>
    keys.map((key) => ({ name, window: windowOf(key, now), ...readKey(name, key.publicKey) })),
  );
  return [...Map.groupBy(all, ({ fingerprint }) => fingerprint)].flatMap(([fingerprint, same]) => {
    const names = same.flatMap(({ name, window }) => (window === null ? [name] : []));
    const outOfTime = same.flatMap(({ name, window }) => (window === null ? [] : [`${name}, ${window}`]));
    return same.slice(0, 1).map(({ key }) => ({
      fingerprint,
      names: [...new Set(names)],
      outOfTime,
      verifier: keyVerifier(fingerprint, key),
    }));
  });
}

/** When the key counts, if that is not now: from `from` until just before `until`. */
function windowOf({ from, until }: KeySigner['keys'][number], now: Instant): string | null {
  if (from !== null && now < from) return `from ${new Date(from).toISOString()}`;
  if (until !== null && now >= until) return `until ${new Date(until).toISOString()}`;
  return null;
}

function readKey(name: string, pem: string): { readonly fingerprint: string; readonly key: PublicKey } {
  const publicKey = parseTrustedKey(pem, name);
  const rawBytes = publicKey.export({ type: 'spki', format: 'der' });
  return {
    fingerprint: fingerprintOf(publicKey),
    key: { rawBytes, keyDetails: PublicKeyDetails.PUBLIC_KEY_DETAILS_UNSPECIFIED },
  };
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
