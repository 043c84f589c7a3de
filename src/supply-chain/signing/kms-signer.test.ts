import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { KMSClient } from '@aws-sdk/client-kms';
import { z } from 'zod';
import { statementAbout } from '../attestations/statement.ts';
import { digestOf } from '../oci/digest.ts';
import { knownSigners } from '../verification/known-signers.ts';
import { verifyBundle } from '../verification/verify-bundle.ts';
import { fingerprintOf } from './key-fingerprint.ts';
import { kmsSigning } from './kms-signer.ts';
import { signStatement } from './sign-statement.ts';

const ARN = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const image = digestOf('an image');
const statement = statementAbout({ repository: 'registry/shop', digest: image }, 'https://example.com/any', {
  long: 'x'.repeat(10_000),
});

const asked = z.object({
  KeyId: z.literal(ARN),
  Message: z.base64().optional(),
  MessageType: z.string().optional(),
  SigningAlgorithm: z.string().optional(),
});

interface Service {
  readonly client: KMSClient;
  readonly requests: readonly string[];
}

/** A server that speaks the protocol of AWS KMS with the AWS SDK as it is. */
async function service(
  t: TestContext,
  keys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject },
  differing: { readonly spec?: string; readonly status?: number; readonly signed?: Buffer } = {},
): Promise<Service> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const operation = String(request.headers['x-amz-target']).replace('TrentService.', '');
    requests.push(operation);
    void json(request).then((body) => {
      const { Message = '', MessageType, SigningAlgorithm } = asked.parse(body);
      response.setHeader('content-type', 'application/x-amz-json-1.1');
      if (differing.status !== undefined) {
        const type = differing.status === 400 ? 'AccessDeniedException' : 'KMSInternalException';
        response.writeHead(differing.status).end(JSON.stringify({ __type: type, message: 'no' }));
        return;
      }
      if (operation === 'GetPublicKey') {
        const PublicKey = keys.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
        const answer = {
          KeyId: ARN,
          KeySpec: differing.spec ?? 'ECC_NIST_P256',
          KeyUsage: 'SIGN_VERIFY',
          PublicKey,
        };
        response.end(JSON.stringify(answer));
        return;
      }
      assert.deepEqual([operation, MessageType, SigningAlgorithm], ['Sign', 'DIGEST', 'ECDSA_SHA_256']);
      const signature = differing.signed ?? signDigest(keys.privateKey, Buffer.from(Message, 'base64'));
      response.end(JSON.stringify({ KeyId: ARN, SigningAlgorithm, Signature: signature.toString('base64') }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = z.object({ port: z.number() }).parse(server.address());
  const client = new KMSClient({
    region: 'eu-central-1',
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 2,
  });
  t.after(() => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  });
  return { client, requests };
}

/** Signs a digest that was made already; Node signs only messages, so that the digests must be those of known ones. */
const messages = new Map<string, Buffer>();

function signDigest(privateKey: KeyObject, digest: Buffer): Buffer {
  const message = messages.get(digest.toString('hex'));
  assert.ok(message !== undefined, 'the digest is that of what is signed');
  return sign('sha256', message, privateKey);
}

function preAuthenticated(payload: string): Buffer {
  const type = 'application/vnd.in-toto+json';
  return Buffer.from(`DSSEv1 ${type.length} ${type} ${Buffer.byteLength(payload)} ${payload}`);
}

function expectMessage(message: Buffer): void {
  messages.set(createHash('sha256').update(message).digest('hex'), message);
}

describe('a key in AWS KMS', () => {
  const keys = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  expectMessage(preAuthenticated(JSON.stringify(statement)));

  it('signs statements that verify by its public key, however long they are', async (t) => {
    const { client, requests } = await service(t, keys);
    const signing = kmsSigning(client, ARN);
    const bytes = await signStatement(statement, signing);
    await signStatement(statement, signing);
    assert.deepEqual(requests, ['GetPublicKey', 'Sign', 'Sign'], 'its public key is asked for once');
    const publicKey = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const trust = { kind: 'key' as const, name: 'kms', keys: [{ publicKey, from: null, until: null }] };
    const proven = verifyBundle(bytes, image, knownSigners([trust], Date.now()));
    assert.equal(proven.identity, `key ${fingerprintOf(keys.publicKey)}`);
  });

  it('is refused when it is of another kind', async (t) => {
    const { client } = await service(t, keys, { spec: 'RSA_2048' });
    await assert.rejects(signStatement(statement, kmsSigning(client, ARN)), {
      code: 'KEY_ERROR',
      message: /ECC_NIST_P256/,
    });
  });

  it('is not believed when its signature is not by its public key', async (t) => {
    const signed = sign('sha256', Buffer.from('something else'), keys.privateKey);
    const { client } = await service(t, keys, { signed });
    await assert.rejects(signStatement(statement, kmsSigning(client, ARN)), { code: 'KEY_ERROR' });
  });

  it('is asked again when KMS fails, and after an outage or a refusal it says what it was', async (t) => {
    for (const [status, times] of [
      [500, 2],
      [400, 1],
    ] as const) {
      const { client, requests } = await service(t, keys, { status });
      const signing = kmsSigning(client, ARN);
      await assert.rejects(signStatement(statement, signing), {
        code: 'KEY_ERROR',
        message: new RegExp(ARN),
      });
      assert.equal(requests.length, times);
      await assert.rejects(signStatement(statement, signing), { code: 'KEY_ERROR' });
      assert.equal(requests.length, 2 * times, 'a failure is not remembered');
    }
  });
});
