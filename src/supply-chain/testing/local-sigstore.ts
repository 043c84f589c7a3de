import { createHash, generateKeyPairSync, sign as signData } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import {
  fulcioHandler,
  initializeCA,
  initializeCTLog,
  initializeTLog,
  initializeTSA,
  tsaHandler,
} from '@sigstore/mock';
import { HashAlgorithm, PublicKeyDetails, TrustedRoot } from '@sigstore/protobuf-specs';
import { z } from 'zod';
import { keylessSigning } from '../signing/keyless-signer.ts';
import type { Signing } from '../signing/sign-statement.ts';

/**
 * A Sigstore instance of our own on the loopback, for tests: it gives a certificate to anybody, for any name. Fulcio, Rekor
 * and a timestamp authority, of Sigstore's own mock, behind real HTTP.
 */
export interface LocalSigstore {
  readonly trustedRoot: unknown;
  /** Signs as that subject, as if `issuer` had said so. */
  signing(identity: { readonly subject: string; readonly issuer: string }, services?: Services): Signing;
  /** Signs with a certificate of this instance that says more of a workflow; entered into the log. */
  workflowSigning(workflow: Workflow): Signing;
  close(): void;
}

/** Who testifies. */
export interface Services {
  readonly log: boolean;
  readonly timestamp: boolean;
}

/** What Fulcio's certificates say of a workflow, each by its extension. */
export interface Workflow {
  readonly subject: string;
  readonly issuer: string;
  readonly sourceRepository: string;
  readonly sourceRepositoryId: string;
  readonly sourceRepositoryOwnerId: string;
}

const JSON_TYPE = 'application/json';

export async function startLocalSigstore(clock?: Date): Promise<LocalSigstore> {
  const server = createServer();
  const url = await listen(server);
  const ctlog = await initializeCTLog(pair());
  const ca = await initializeCA(pair(), ctlog, clock);
  const log = await initializeTLog(url, pair(), clock);
  const tsa = await initializeTSA(pair(), clock);
  const handlers = [
    fulcioHandler(ca, { strict: true, subjectClaim: 'sub' }),
    {
      path: '/api/v1/log/entries',
      // A real log turns what is proposed into this form before it takes it.
      fn: async (body: string) => {
        const entry = await log.log(canonicalEntry(JSON.parse(body)));
        return { statusCode: 201, response: JSON.stringify(entry), contentType: JSON_TYPE };
      },
    },
    tsaHandler(tsa, { strict: true }),
  ];
  server.on('request', (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const handler = handlers.find(({ path }) => path === request.url);
      if (handler === undefined) return response.writeHead(404).end();
      return void handler.fn(Buffer.concat(chunks).toString()).then(
        ({ statusCode, response: body, contentType }) =>
          response.writeHead(statusCode, { 'content-type': contentType ?? 'text/plain' }).end(body),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
    });
  });

  const start = new Date((clock?.getTime() ?? Date.now()) - 1_000);
  const logOf = (publicKey: Buffer) => ({
    baseUrl: url,
    logId: { keyId: createHash('sha256').update(publicKey).digest() },
    hashAlgorithm: HashAlgorithm.SHA2_256,
    publicKey: {
      rawBytes: publicKey,
      keyDetails: PublicKeyDetails.PKIX_ECDSA_P256_SHA_256,
      validFor: { start },
    },
    checkpointKeyId: undefined,
    operator: '',
  });
  const authorityOf = (certificates: readonly Uint8Array[]) => ({
    subject: { commonName: 'sigstore', organization: 'sigstore.mock' },
    uri: url,
    certChain: { certificates: certificates.map((each) => ({ rawBytes: Buffer.from(each) })) },
    validFor: { start },
    operator: '',
  });
  const root = TrustedRoot.toJSON({
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    certificateAuthorities: [authorityOf([bytesOf(ca.rootCertificate)])],
    ctlogs: [logOf(ctlog.publicKey)],
    tlogs: [logOf(log.publicKey)],
    timestampAuthorities: [authorityOf([bytesOf(tsa.intCertificate), bytesOf(tsa.rootCertificate)])],
  });

  return {
    trustedRoot: root,
    signing({ subject, issuer }, services = { log: true, timestamp: false }) {
      const places = {
        fulcio: url,
        rekor: services.log ? url : null,
        timestampAuthority: services.timestamp ? url : null,
      };
      return keylessSigning(places, { getToken: async () => token({ sub: subject, iss: issuer }) });
    },
    workflowSigning(workflow) {
      const keyless = keylessSigning({ fulcio: url, rekor: url, timestampAuthority: null }, NOBODY);
      return { ...keyless, signer: { sign: (data) => signAsWorkflow(ca, workflow, data) } };
    },
    close: () => void server.close(),
  };
}

const NOBODY = { getToken: async () => '' };

type Authority = Awaited<ReturnType<typeof initializeCA>>;

/** As Fulcio's HTTP interface does it, but with the extensions that only a real issuer of tokens could ask for. */
async function signAsWorkflow(ca: Authority, workflow: Workflow, data: Buffer) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const certificate = await ca.issueCertificate({
    publicKey: publicKey.export({ type: 'spki', format: 'der' }),
    subjectAltName: workflow.subject,
    extensions: [
      extension(8, workflow.issuer),
      extension(12, workflow.sourceRepository),
      extension(15, workflow.sourceRepositoryId),
      extension(17, workflow.sourceRepositoryOwnerId),
    ],
  });
  const lines =
    Buffer.from(bytesOf(certificate))
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  const pem = ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
  return {
    signature: signData('sha256', data, privateKey),
    key: { $case: 'x509Certificate' as const, certificate: pem },
  };
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** A token that nobody has signed: this Fulcio does not look. */
function token(claims: Readonly<Record<string, string>>): string {
  return `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.${Buffer.from('none').toString('base64url')}`;
}

const proposed = z.object({
  spec: z.object({ proposedContent: z.object({ envelope: z.string(), verifiers: z.array(z.string()) }) }),
});
const envelope = z.object({
  payload: z.string(),
  signatures: z.array(z.object({ sig: z.string() })),
});

/** The form in which Rekor keeps an entry of the kind `dsse`, version 0.0.1. */
function canonicalEntry(entry: unknown) {
  const { proposedContent } = proposed.parse(entry).spec;
  const { payload, signatures } = envelope.parse(JSON.parse(proposedContent.envelope));
  return {
    apiVersion: '0.0.1',
    kind: 'dsse',
    spec: {
      envelopeHash: hash(proposedContent.envelope),
      payloadHash: hash(Buffer.from(payload, 'base64')),
      signatures: signatures.map(({ sig }, index) => ({
        signature: sig,
        verifier: proposedContent.verifiers[index] ?? '',
      })),
    },
  };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return `http://127.0.0.1:${port}`;
}

function pair() {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
}

function extension(number: number, value: string) {
  return { oid: `1.3.6.1.4.1.57264.1.${number}`, value };
}

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function hash(data: string | Buffer) {
  return { algorithm: 'sha256', value: createHash('sha256').update(data).digest('hex') };
}
