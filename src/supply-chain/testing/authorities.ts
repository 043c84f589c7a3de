import { createHash, generateKeyPairSync } from 'node:crypto';
import {
  fulcioHandler,
  initializeCA,
  initializeCTLog,
  initializeTLog,
  initializeTSA,
  tsaHandler,
} from '@sigstore/mock';
import { HashAlgorithm, PublicKeyDetails, TrustedRoot } from '@sigstore/protobuf-specs';
import type { Instant } from '../../core/time.ts';

/** What a service answers to what is posted to a path. */
export interface Handler {
  readonly path: string;
  readonly fn: (body: string) => Promise<{
    readonly statusCode: number;
    readonly response: string | ArrayBufferView;
    readonly contentType?: string;
  }>;
}

/** Fulcio, Rekor and a timestamp authority with keys of their own, and the root by which they are trusted. */
export interface Authorities {
  readonly handlers: readonly Handler[];
  /** A TrustedRoot document. */
  readonly trustedRoot: unknown;
}

/** Makes them. They keep the clock, and read it whenever they need the time. */
export async function makeAuthorities(url: string, clock: Date): Promise<Authorities> {
  const started = clock.getTime();
  const certificateLog = await initializeCTLog(keyPair(), clock);
  const authority = await initializeCA(keyPair(), certificateLog, clock);
  const log = await initializeTLog(url, keyPair(), clock);
  const timestamps = await initializeTSA(keyPair(), clock);
  const timestampChain = [timestamps.intCertificate, timestamps.rootCertificate];
  return {
    handlers: [
      fulcioHandler(authority, { strict: true, subjectClaim: 'sub' }),
      rekorHandler(log),
      tsaHandler(timestamps, { strict: true }),
    ],
    trustedRoot: TrustedRoot.toJSON({
      mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
      certificateAuthorities: [certificateAuthority(url, [authority.rootCertificate], started)],
      ctlogs: [transparencyLog(url, certificateLog.publicKey, started)],
      tlogs: [transparencyLog(url, log.publicKey, started)],
      timestampAuthorities: [certificateAuthority(url, timestampChain, started)],
    }),
  };
}

function keyPair() {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
}

/** Rekor makes a short entry of hashes out of what it is proposed; the mock would keep the proposal as it is. */
function rekorHandler(log: Awaited<ReturnType<typeof initializeTLog>>): Handler {
  return {
    path: '/api/v1/log/entries',
    async fn(body) {
      const response = JSON.stringify(await log.log(canonicalEntry(JSON.parse(body))));
      return { statusCode: 201, response, contentType: 'application/json' };
    },
  };
}

interface ProposedEntry {
  readonly kind: string;
  readonly spec: { readonly proposedContent: { readonly envelope: string; readonly verifiers: string[] } };
}

function canonicalEntry(proposed: ProposedEntry): object {
  if (proposed.kind !== 'dsse') return proposed;
  const { envelope, verifiers } = proposed.spec.proposedContent;
  const { payload, signatures } = JSON.parse(envelope);
  return {
    apiVersion: '0.0.1',
    kind: 'dsse',
    spec: {
      envelopeHash: hashOf(envelope),
      payloadHash: hashOf(Buffer.from(payload, 'base64')),
      signatures: signatures.map(({ sig }: { readonly sig: string }, index: number) => ({
        signature: sig,
        verifier: verifiers[index],
      })),
    },
  };
}

function hashOf(bytes: Buffer | string) {
  return { algorithm: 'sha256', value: createHash('sha256').update(bytes).digest('hex') };
}

function transparencyLog(baseUrl: string, key: Buffer, from: Instant) {
  return {
    baseUrl,
    logId: { keyId: createHash('sha256').update(key).digest() },
    hashAlgorithm: HashAlgorithm.SHA2_256,
    publicKey: {
      rawBytes: key,
      keyDetails: PublicKeyDetails.PKIX_ECDSA_P256_SHA_256,
      validFor: { start: new Date(from) },
    },
    checkpointKeyId: undefined,
    operator: '',
  };
}

function certificateAuthority(uri: string, chain: readonly ArrayBufferView[], from: Instant) {
  return {
    subject: { commonName: 'sigstore', organization: 'sigstore.mock' },
    uri,
    certChain: {
      certificates: chain.map(({ buffer, byteOffset, byteLength }) => ({
        rawBytes: Buffer.from(buffer, byteOffset, byteLength),
      })),
    },
    validFor: { start: new Date(from) },
    operator: '',
  };
}
