import type { SerializedBundle } from '@sigstore/bundle';
import type { Instant } from '../../core/time.ts';
import { STATEMENT_PAYLOAD, statementAbout } from '../attestations/statement.ts';
import { digestOf, hexOf, type Digest } from '../oci/digest.ts';
import { MEDIA_TYPES } from '../oci/media-types.ts';
import { contentOf, type ImageRepository } from '../oci/repository.ts';
import { attachBundle, type AttachedBundle } from '../signing/attach-bundle.ts';
import type { TestSigner } from './signers.ts';

/** Makes images and whatever evidence a test or an attacker wants, in one repository. */
export interface Forge {
  readonly repository: ImageRepository;
  /** A new image of one layer; different for every content. */
  image(options?: ForgedImage): Promise<Digest>;
  /** Has a statement signed and attaches it to the image. */
  attest(
    image: Digest,
    predicateType: string,
    predicate: unknown,
    options: ForgedAttestation,
  ): Promise<AttachedBundle & { readonly signed: SerializedBundle }>;
  /** Attaches any bytes as if they were a bundle. */
  attach(image: Digest, bytes: Uint8Array | string, predicateType?: string): Promise<AttachedBundle>;
  /** Stores any manifest, as it is. */
  manifest(document: object, mediaType?: string): Promise<Digest>;
  /** Stores any blob; returns a descriptor of it. */
  blob(
    bytes: Uint8Array | string,
    mediaType?: string,
  ): Promise<{ readonly mediaType: string; readonly digest: Digest; readonly size: number }>;
}

export interface ForgedImage {
  readonly content?: string;
  readonly tag?: string;
  readonly os?: string;
  readonly architecture?: string;
  /** RFC 3339. */
  readonly created?: string;
}

export interface ForgedAttestation {
  readonly by: TestSigner;
  /** When it is signed. */
  readonly at?: Instant;
  /** Subjects of the statement, if not just the image. */
  readonly subject?: readonly unknown[];
  /** What the statement says to be, if not an in-toto statement of version 1. */
  readonly statementType?: string;
  /** The bytes to sign, instead of a statement. */
  readonly payload?: string;
  readonly payloadType?: string;
  /** What the manifest says the predicate is, if something else. */
  readonly claimsToBe?: string;
  /** Changes the bundle after it was signed. */
  readonly tamper?: (bundle: SerializedBundle) => unknown;
}

/** A forge over a repository, which must be able to store what it is given. */
export function forge(repository: ImageRepository): Forge {
  async function blob(bytes: Uint8Array | string, mediaType = 'application/octet-stream') {
    const content = Buffer.from(bytes);
    const digest = digestOf(content);
    await repository.putBlob(contentOf(content, digest));
    return { mediaType, digest, size: content.length };
  }

  async function manifest(document: object, mediaType: string = MEDIA_TYPES.manifest, tag?: string) {
    return repository.putManifest(Buffer.from(JSON.stringify(document)), mediaType, tag ?? null);
  }

  async function attach(
    image: Digest,
    bytes: Uint8Array | string,
    predicateType = 'https://example.com/any',
  ) {
    return attachBundle(repository, image, Buffer.from(bytes), { predicateType });
  }

  return {
    repository,
    blob,
    manifest: (document, mediaType) => manifest(document, mediaType),
    attach,
    async image({ content = 'an image', tag, os = 'linux', architecture = 'amd64', created } = {}) {
      const layer = await blob(content, MEDIA_TYPES.layer);
      const config = await blob(
        JSON.stringify({
          os,
          architecture,
          ...(created === undefined ? {} : { created }),
          rootfs: { type: 'layers', diff_ids: [layer.digest] },
        }),
        MEDIA_TYPES.config,
      );
      const document = { schemaVersion: 2, mediaType: MEDIA_TYPES.manifest, config, layers: [layer] };
      return manifest(document, MEDIA_TYPES.manifest, tag);
    },
    async attest(image, predicateType, predicate, options) {
      const statement = {
        ...statementAbout({ repository: repository.name, digest: image }, predicateType, predicate),
        ...(options.subject === undefined ? {} : { subject: options.subject }),
        ...(options.statementType === undefined ? {} : { _type: options.statementType }),
      };
      const bytes = Buffer.from(options.payload ?? JSON.stringify(statement));
      const payload = { bytes, type: options.payloadType ?? STATEMENT_PAYLOAD };
      const signed = await options.by.sign(payload, options.at);
      const bundle = JSON.stringify(options.tamper?.(signed) ?? signed);
      return { ...(await attach(image, bundle, options.claimsToBe ?? predicateType)), signed };
    },
  };
}

/** The signature and certificate of one bundle with the log entry and timestamps of another. */
export function graftWitnesses(bundle: SerializedBundle, other: SerializedBundle): SerializedBundle {
  const { tlogEntries, timestampVerificationData } = other.verificationMaterial;
  return {
    ...bundle,
    verificationMaterial: { ...bundle.verificationMaterial, tlogEntries, timestampVerificationData },
  };
}

/** The envelope of one bundle with the certificate or key, log entry and timestamps of another. */
export function graftEnvelope(bundle: SerializedBundle, other: SerializedBundle): unknown {
  return { ...bundle, dsseEnvelope: other.dsseEnvelope };
}

/** The bundle with another payload, which nobody signed. */
export function tamperPayload(bundle: SerializedBundle, change: (statement: string) => string): unknown {
  const payload = Buffer.from(bundle.dsseEnvelope?.payload ?? '', 'base64').toString('utf8');
  return {
    ...bundle,
    dsseEnvelope: { ...bundle.dsseEnvelope, payload: Buffer.from(change(payload)).toString('base64') },
  };
}

/** The bundle without log entries and timestamps. */
export function withoutWitnesses(bundle: SerializedBundle): unknown {
  return {
    ...bundle,
    verificationMaterial: {
      ...bundle.verificationMaterial,
      tlogEntries: [],
      timestampVerificationData: { rfc3161Timestamps: [] },
    },
  };
}

/** The subject of a statement about that image, under any name. */
export function subjectOf(image: Digest, name = 'it'): unknown {
  return { name, digest: { sha256: hexOf(image) } };
}
