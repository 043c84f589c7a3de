import { createHash, generateKeyPairSync, sign as signData, X509Certificate } from 'node:crypto';
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
  /** Where its services are. */
  readonly url: string;
  /** The token of somebody, as Fulcio takes it here. */
  tokenOf(identity: { readonly subject: string; readonly issuer: string }): string;
  /** Answers so many requests from now on with that status. */
  failNext(times: number, status: number): void;
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
  /** The branch or tag that it was run from. */
  readonly sourceRepositoryRef: string;
  readonly sourceRepositoryId: string;
  readonly sourceRepositoryOwnerId: string;
}

/** What a service answers to what is posted to its path. */
interface Handler {
  readonly path: string;
  readonly fn: (body: string) => Promise<{
    readonly statusCode: number;
    readonly response: string | ArrayBufferView;
    readonly contentType?: string | undefined;
    readonly etag?: string | undefined;
  }>;
}

const JSON_TYPE = 'application/json';
const LOG_PATH = '/api/v1/log/entries';

export async function startLocalSigstore(clock?: Date): Promise<LocalSigstore> {
  // Its authorities read this whenever they need the time.
  const time = new Date(clock ?? wholeSecond());
  const failing = { times: 0, status: 500 };
  const server = createServer();
  const url = await listen(server);
  const ctlog = await initializeCTLog(pair(), time);
  const ca = await initializeCA(pair(), ctlog, time);
  const log = await initializeTLog(url, pair(), time);
  const tsa = await initializeTSA(pair(), time);
  const handlers: readonly Handler[] = [
    fulcioHandler(ca, { strict: true, subjectClaim: 'sub' }),
    {
      path: LOG_PATH,
      // A real log turns what is proposed into this form before it takes it.
      fn: async (body: string) => {
        const entry = await log.log(canonicalEntry(JSON.parse(body)));
        const response = JSON.stringify(entry);
        // By this some clients find the entry in the answer.
        const [etag] = Object.keys(entry);
        return { statusCode: 201, response, contentType: JSON_TYPE, etag };
      },
    },
    tsaHandler(tsa, { strict: true }),
  ];
  server.on('request', (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const handler = handlers.find(({ path }) => path === request.url);
      if (failing.times > 0) {
        failing.times -= 1;
        return response.writeHead(failing.status).end();
      }
      if (clock === undefined) time.setTime(wholeSecond());
      if (handler === undefined) return response.writeHead(404).end();
      const body = withToken(Buffer.concat(chunks).toString(), request.headers.authorization);
      return void handler.fn(body).then(
        ({ statusCode, response: answer, contentType = 'text/plain', etag }) => {
          response.setHeader('etag', etag ?? '');
          response.writeHead(statusAt(request.url, statusCode), { 'content-type': contentType }).end(answer);
        },
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
    });
  });

  const start = new Date(time.getTime() - 1_000);
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
      const sign = (data: Buffer) => {
        if (clock === undefined) time.setTime(wholeSecond());
        return signAsWorkflow(ca, workflow, data);
      };
      return { ...keyless, signer: { sign } };
    },
    url,
    tokenOf: ({ subject, issuer }) => token({ sub: subject, iss: issuer }),
    failNext: (times, status) => void Object.assign(failing, { times, status }),
    close: () => void server.close(),
  };
}

/** A timestamp with parts of a second is written without their last zeros, which a verifier then cannot read. */
function wholeSecond(): number {
  return Math.floor(Date.now() / 1000) * 1000;
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
      extension(14, workflow.sourceRepositoryRef),
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
  const now = Math.floor(Date.now() / 1000);
  const whole = { aud: 'sigstore', iat: now, nbf: now, exp: now + 300, ...claims };
  return `${part({ alg: 'none', typ: 'JWT' })}.${part(whole)}.${Buffer.from('none').toString('base64url')}`;
}

/** Fulcio takes the token in a header as well, as cosign sends it; the mock wants it in the body. */
function withToken(body: string, authorization: string | undefined): string {
  const [scheme, oidcIdentityToken] = authorization?.split(' ') ?? [];
  if (scheme !== 'Bearer') return body;
  return JSON.stringify({ ...JSON.parse(body), credentials: { oidcIdentityToken } });
}

/** Fulcio answers 200, and cosign takes nothing else; the mock says 201. */
function statusAt(url: string | undefined, status: number): number {
  return url === '/api/v2/signingCert' && status === 201 ? 200 : status;
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
        verifier: canonicalVerifier(proposedContent.verifiers[index] ?? ''),
      })),
    },
  };
}

/** Rekor reads the certificate and writes it down anew; the mock's Fulcio gives it out without line breaks. */
function canonicalVerifier(encoded: string): string {
  const pem = Buffer.from(encoded, 'base64').toString();
  if (!pem.includes('BEGIN CERTIFICATE')) return encoded;
  return Buffer.from(new X509Certificate(pem).toString()).toString('base64');
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
