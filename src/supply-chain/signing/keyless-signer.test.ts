import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { after, before, describe, it, type TestContext } from 'node:test';
import { z } from 'zod';
import { statementAbout } from '../attestations/statement.ts';
import { SupplyChainError } from '../error.ts';
import { digestOf } from '../oci/digest.ts';
import { type LocalSigstore, startLocalSigstore } from '../testing/local-sigstore.ts';
import { knownSigners } from '../verification/known-signers.ts';
import { verifyBundle } from '../verification/verify-bundle.ts';
import { actionsToken, givenToken } from './identity-token.ts';
import { keylessSigning } from './keyless-signer.ts';
import { signStatement } from './sign-statement.ts';

const WHO = { subject: 'https://example.com/release', issuer: 'https://issuer.example.com' };
const image = digestOf('an image');
const statement = statementAbout(
  { repository: 'registry/shop', digest: image },
  'https://example.com/any',
  {},
);
const BRIEF = { timeout: 5_000, retries: 3, firstWait: 1, longestWait: 4 };

async function serve(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  return `http://127.0.0.1:${z.object({ port: z.number() }).parse(server.address()).port}/token?api=1`;
}

describe('signing without a key', () => {
  let sigstore: LocalSigstore;
  before(async () => {
    sigstore = await startLocalSigstore();
  });
  after(() => sigstore.close());

  const services = () => ({ fulcio: sigstore.url, rekor: sigstore.url, timestampAuthority: sigstore.url });
  const patient = () => keylessSigning(services(), givenToken(sigstore.tokenOf(WHO)), BRIEF);

  it('makes a bundle that says who signed it, and when', async () => {
    const trust = {
      kind: 'keyless' as const,
      name: 'ci',
      trustedRoot: sigstore.trustedRoot,
      thresholds: { log: 1, certificateLog: 1, timestamp: 2 },
      identities: [
        {
          ...WHO,
          sourceRepository: null,
          sourceRepositoryRef: null,
          sourceRepositoryId: null,
          sourceRepositoryOwnerId: null,
        },
      ],
    };
    const proven = verifyBundle(
      await signStatement(statement, patient()),
      image,
      knownSigners([trust], Date.now()),
    );
    assert.match(proven.identity, /^https:\/\/example\.com\/release, says https:\/\/issuer\.example\.com/);
    assert.ok(Math.abs((proven.signedAt ?? 0) - Date.now()) < 60_000);
  });

  it('survives services that fail for a while', async () => {
    sigstore.failNext(3, 503);
    await signStatement(statement, patient());
  });

  it('gives up when they fail for longer, or say that they will not', async () => {
    sigstore.failNext(4, 502);
    const failed = (error: unknown) => error instanceof SupplyChainError && error.code === 'SIGNATURE_ERROR';
    await assert.rejects(signStatement(statement, patient()), failed);
    sigstore.failNext(1, 400);
    await assert.rejects(signStatement(statement, patient()), failed);
    await signStatement(statement, patient());
  });

  it('never shows a token that cannot be read', async () => {
    const unverified = Buffer.from(JSON.stringify({ sub: 'me', email: 'me@example.com' })).toString(
      'base64url',
    );
    const tokens = ['s3cret', 'a.s3cret.c', 's3cret.s3cret', 'e30.e30.s3cret', `e30.${unverified}.s3cret`];
    for (const secret of tokens) {
      const signing = keylessSigning(services(), givenToken(secret), BRIEF);
      await assert.rejects(signStatement(statement, signing), (error) => {
        assert.ok(error instanceof SupplyChainError && error.code === 'KEY_ERROR');
        assert.ok(!JSON.stringify([error.message, String(error.cause)]).includes('s3cret'));
        return true;
      });
    }
  });

  it('asks GitHub Actions for a token that is meant for Sigstore, again when it fails', async (t) => {
    const asked: (string | undefined)[][] = [];
    const url = await serve(t, (request, response) => {
      asked.push([request.url, request.headers.authorization]);
      if (asked.length < 3) response.writeHead(503).end();
      else response.end(JSON.stringify({ value: sigstore.tokenOf(WHO) }));
    });
    const signing = keylessSigning(services(), actionsToken({ url, token: 'of the job' }, BRIEF), BRIEF);
    await signStatement(statement, signing);
    const request = ['/token?api=1&audience=sigstore', 'Bearer of the job'];
    assert.deepEqual(asked, [request, request, request]);
  });

  it('says so when GitHub Actions gives none, and shows no secret', async (t) => {
    const answers: readonly RequestListener[] = [
      (_, response) => response.writeHead(403).end(),
      (_, response) => response.writeHead(500).end(),
      (_, response) => response.end('{}'),
      (_, response) => response.end('{"value":"s3cret"}'),
      (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    ];
    const addresses = ['no address', ...(await Promise.all(answers.map((answer) => serve(t, answer))))];
    for (const url of addresses) {
      const signing = keylessSigning(services(), actionsToken({ url, token: 's3cret' }, BRIEF), BRIEF);
      await assert.rejects(signStatement(statement, signing), (error) => {
        assert.ok(error instanceof SupplyChainError && error.code === 'KEY_ERROR', String(error));
        assert.ok(!error.message.includes('s3cret'));
        return true;
      });
    }
  });
});
