import {
  bundleFromJSON,
  BUNDLE_V03_LEGACY_MEDIA_TYPE,
  BUNDLE_V03_MEDIA_TYPE,
  isBundleWithDsseEnvelope,
  type Bundle,
  type BundleWithDsseEnvelope,
} from '@sigstore/bundle';
import { toSignedEntity, type SignedEntity } from '@sigstore/verify';
import { z } from 'zod';
import { messageOf, SupplyChainError } from '../error.ts';

/** A bundle that could be read; whether it verifies is another question. */
export interface ReadBundle {
  /** How it was signed: with a key, or with a certificate. */
  readonly kind: 'key' | 'keyless';
  /** What a key was named by; empty for a certificate. */
  readonly hint: string;
  readonly payloadType: string;
  readonly payload: Uint8Array;
  readonly entity: SignedEntity;
}

const VERSIONS: readonly string[] = [BUNDLE_V03_MEDIA_TYPE, BUNDLE_V03_LEGACY_MEDIA_TYPE];

/** Reads a Sigstore bundle, version 0.3, that holds a signed envelope. Throws `MALFORMED_BUNDLE`, whatever the bytes are. */
export function readBundle(bytes: Uint8Array): ReadBundle {
  const bundle = parse(bytes);
  if (!VERSIONS.includes(bundle.mediaType)) {
    throw malformed(`it is of the format ${bundle.mediaType.slice(0, 100)}, and only version 0.3 is read`);
  }
  if (!isBundleWithDsseEnvelope(bundle)) throw malformed('it holds no signed envelope');
  const { payload, payloadType } = bundle.content.dsseEnvelope;
  const { content } = bundle.verificationMaterial;
  switch (content.$case) {
    case 'publicKey': {
      // Nobody is trusted to say when a key signed, so that what logs and authorities say of it is not even read.
      const entity = entityOf(withoutWitnesses(bundle));
      return { kind: 'key', hint: content.publicKey.hint, payload, payloadType, entity };
    }
    case 'certificate':
      return { kind: 'keyless', hint: '', payload, payloadType, entity: entityOf(bundle) };
    case 'x509CertificateChain':
      throw malformed('it holds a chain of certificates, which version 0.3 does not allow');
    default:
      throw content satisfies never;
  }
}

const claim = z.object({ predicateType: z.string().max(512) });

/** What the bytes claim to be a statement of, verified by nobody; null if they claim nothing that can be read. */
export function claimOf(bytes: Uint8Array): string | null {
  try {
    const bundle = parse(bytes);
    if (!isBundleWithDsseEnvelope(bundle)) return null;
    return claim.parse(JSON.parse(bundle.content.dsseEnvelope.payload.toString('utf8'))).predicateType;
  } catch {
    return null;
  }
}

function parse(bytes: Uint8Array): Bundle {
  try {
    return bundleFromJSON(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch (cause) {
    throw malformed(messageOf(cause), cause);
  }
}

function entityOf(bundle: Bundle): SignedEntity {
  try {
    return toSignedEntity(bundle);
  } catch (cause) {
    throw malformed(messageOf(cause), cause);
  }
}

function withoutWitnesses(bundle: BundleWithDsseEnvelope): Bundle {
  const { verificationMaterial } = bundle;
  return {
    ...bundle,
    verificationMaterial: { ...verificationMaterial, tlogEntries: [], timestampVerificationData: undefined },
  };
}

function malformed(detail: string, cause?: unknown): SupplyChainError {
  const options = cause === undefined ? undefined : { cause };
  return new SupplyChainError('MALFORMED_BUNDLE', `this is no bundle that can be read: ${detail}`, options);
}
