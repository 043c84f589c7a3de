import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, it, type TestContext } from 'node:test';
import { SupplyChainError, type SupplyChainCode } from '../error.ts';
import { keySigner } from '../signing/key-signer.ts';
import { signPayload } from '../signing/sign-statement.ts';
import { tamperPayload, type ForgedAttestation } from '../testing/forge.ts';
import { forgeHere, sigstoreHere } from '../testing/places.ts';
import { keyedSigner, keylessSigner, type TestSigner } from '../testing/signers.ts';
import { readEvidence } from './read-evidence.ts';
import type { KeySigner, TrustedSigner } from './trust.ts';

const NOW = Date.UTC(2026, 0, 15);
const DAY = 86_400_000;

async function read(
  t: TestContext,
  options: ForgedAttestation,
  trusted: readonly TrustedSigner[] = [options.by.trust],
) {
  const { repository, image, attest } = forgeHere(t);
  const digest = await image();
  await attest(digest, 'https://example.com/any', {}, options);
  return readEvidence(repository, digest, trusted, { now: NOW });
}

async function assertRejected(
  t: TestContext,
  code: SupplyChainCode,
  options: ForgedAttestation,
  trusted?: readonly TrustedSigner[],
): Promise<string> {
  const { statements, rejected } = await read(t, options, trusted);
  assert.deepEqual(statements, []);
  assert.deepEqual(
    rejected.map((each) => each.code),
    [code],
    rejected[0]?.detail,
  );
  return rejected[0]?.detail ?? '';
}

/** Signs with a given key, and names it as it likes. */
function naming(signer: TestSigner, hint: string): TestSigner {
  return {
    ...signer,
    async sign(payload) {
      const bundle = await signer.sign(payload);
      bundle.verificationMaterial.publicKey = { hint };
      return bundle;
    },
  };
}

function trustIn(publicKey: KeyObject): KeySigner {
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return { kind: 'key', name: 'kms', keys: [{ publicKey: pem, from: null, until: null }] };
}

describe('evidence that is signed with a key', () => {
  it('is believed when the key is trusted, and says which key it was', async (t) => {
    const laptop = keyedSigner('laptop');
    const trusted = [keyedSigner('other').trust, laptop.trust];
    const { statements, rejected } = await read(t, { by: laptop }, trusted);
    assert.deepEqual(rejected, []);
    assert.deepEqual(statements[0]?.signers, ['laptop']);
    assert.match(statements[0].identity, /^key SHA256:[\w+/]{43}=$/);
    assert.equal(statements[0].signedAt, null);
  });

  it('is believed however the key is named, as long as it is one of those trusted', async (t) => {
    const laptop = keyedSigner('laptop');
    const by = naming(laptop, 'arn:aws:kms:eu-central-1:111122223333:key/signing');
    assert.equal((await read(t, { by })).statements.length, 1);
  });

  it('is refused when the key is not trusted', async (t) => {
    const [laptop, attacker] = [keyedSigner('laptop'), keyedSigner('laptop')];
    await assertRejected(t, 'UNTRUSTED_SIGNER', { by: attacker }, [laptop.trust]);
  });

  it('is refused when another key signs in the name of the trusted one', async (t) => {
    const [laptop, attacker] = [keyedSigner('laptop'), keyedSigner('laptop')];
    const payload = { bytes: Buffer.from('{}'), type: 'text/plain' };
    const hint = (await laptop.sign(payload)).verificationMaterial.publicKey?.hint ?? '';
    const trusted = [keyedSigner('other').trust, laptop.trust];
    await assertRejected(t, 'SIGNATURE_ERROR', { by: naming(attacker, hint) }, trusted);
  });

  it('is refused when what was signed is changed', async (t) => {
    const by = keyedSigner('laptop');
    await assertRejected(t, 'SIGNATURE_ERROR', {
      by,
      tamper: (bundle) => tamperPayload(bundle, (text) => text.replace('example.com', 'example.org')),
    });
  });

  it('is refused when it is signed with a certificate, and keys are trusted', async (t) => {
    const by = keylessSigner('ci', await sigstoreHere(t));
    const detail = await assertRejected(t, 'UNTRUSTED_SIGNER', { by }, [keyedSigner('laptop').trust]);
    assert.match(detail, /with a certificate/);
  });

  it('counts from the day on which its key counts until the day on which that ends', async (t) => {
    const counts = keyedSigner('laptop', { from: NOW - DAY, until: NOW + DAY });
    assert.equal((await read(t, { by: counts })).statements.length, 1);
    const over = keyedSigner('laptop', { until: NOW });
    assert.match(await assertRejected(t, 'UNTRUSTED_SIGNER', { by: over }), /until 2026-01-15/);
    const early = keyedSigner('laptop', { from: NOW + 1 });
    assert.match(await assertRejected(t, 'UNTRUSTED_SIGNER', { by: early }), /from 2026-01-15/);
  });

  it('is believed with the old key and the new one, while keys are changed', async (t) => {
    const [old, young] = [
      keyedSigner('release', { until: NOW + DAY }),
      keyedSigner('release', { from: NOW - DAY }),
    ];
    const trust = { ...old.trust, keys: [...old.trust.keys, ...young.trust.keys] };
    for (const by of [old, young]) assert.equal((await read(t, { by }, [trust])).statements.length, 1);
  });

  it('is not read at all by keys that are weak or none', async (t) => {
    const weak = [
      generateKeyPairSync('rsa', { modulusLength: 1024 }),
      generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
    ].map(({ publicKey }) => trustIn(publicKey));
    const none: KeySigner = {
      kind: 'key',
      name: 'x',
      keys: [{ publicKey: 'a key', from: null, until: null }],
    };
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const secret = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const leaked: KeySigner = { ...none, keys: [{ publicKey: secret, from: null, until: null }] };
    for (const trust of [...weak, none, leaked]) {
      await assert.rejects(
        read(t, { by: keyedSigner('laptop') }, [trust]),
        (error) => error instanceof SupplyChainError && error.code === 'BAD_TRUST',
      );
    }
  });

  it('is believed with an RSA key as some KMS have them', async (t) => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const trust = trustIn(publicKey);
    const by: TestSigner = { trust, sign: (payload) => signPayload(payload, keySigner(privateKey)) };
    assert.equal((await read(t, { by })).statements.length, 1);
  });
});
