import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SerializedBundle } from '@sigstore/bundle';
import { statementAbout } from '../attestations/statement.ts';
import { SupplyChainError } from '../error.ts';
import { digestOf } from '../oci/digest.ts';
import { keyHolder } from '../testing/forge.ts';
import type { Signing } from './sign-statement.ts';
import { signStatement } from './sign-statement.ts';

const about = { repository: 'registry/shop', digest: digestOf('an image') };
const statement = statementAbout(about, 'https://example.com/any', {});

async function signed(signing: Signing): Promise<SerializedBundle> {
  return JSON.parse((await signStatement(statement, signing)).toString());
}

describe('a signed statement', () => {
  it('names its key in the bundle, and not in the envelope, which cosign would not take', async () => {
    const { verificationMaterial, dsseEnvelope, mediaType } = await signed(keyHolder().signing);
    assert.equal(mediaType, 'application/vnd.dev.sigstore.bundle.v0.3+json');
    assert.match(verificationMaterial.publicKey?.hint ?? '', /^[\w+/]{43}=$/);
    assert.deepEqual(
      dsseEnvelope?.signatures.map(({ keyid }) => keyid ?? ''),
      [''],
    );
    assert.equal(dsseEnvelope.payloadType, 'application/vnd.in-toto+json');
  });

  it('is none when a witness fails: then it says which failure led to it', async () => {
    const failing = {
      testify: () => Promise.reject(new Error('no log today', { cause: new Error('disk full') })),
    };
    await assert.rejects(signed({ ...keyHolder().signing, witnesses: [failing] }), {
      code: 'SIGNATURE_ERROR',
      message: /no log today: disk full/,
    });
  });

  it('passes on why a signer of ours does not sign', async () => {
    const error = new SupplyChainError('KEY_ERROR', 'locked');
    await assert.rejects(signed({ signer: { sign: () => Promise.reject(error) }, witnesses: [] }), error);
  });
});
