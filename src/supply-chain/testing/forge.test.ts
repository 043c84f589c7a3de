import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bundleFromJSON, type SerializedBundle } from '@sigstore/bundle';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import { graftWitnesses } from './forge.ts';
import type { LocalSigstore } from './local-sigstore.ts';
import { forgeHere, sigstoreHere } from './places.ts';
import { keyedSigner, keylessSigner } from './signers.ts';

function verify(bundle: SerializedBundle, { trustedRoot }: LocalSigstore): void {
  new Verifier(toTrustMaterial(TrustedRoot.fromJSON(trustedRoot))).verify(
    toSignedEntity(bundleFromJSON(bundle)),
  );
}

describe('the forge of evidence', () => {
  it('has statements signed by a Sigstore of its own, which another one does not know', async (t) => {
    const [ours, theirs] = [await sigstoreHere(t), await sigstoreHere(t)];
    const { image, attest } = forgeHere(t);
    const both = { log: true, timestamp: true };
    const by = keylessSigner('ci', ours, {}, both);
    const { signed } = await attest(await image(), 'https://example.com/any', {}, { by });
    verify(signed, ours);
    assert.throws(() => verify(signed, theirs), { code: 'TIMESTAMP_ERROR' });
  });

  it('signs at another time than now', async (t) => {
    const ours = await sigstoreHere(t);
    const { image, attest } = forgeHere(t);
    const at = Date.now() + 86_400_000;
    const by = keylessSigner('ci', ours);
    const { signed } = await attest(await image(), 'https://example.com/any', {}, { by, at });
    verify(signed, ours);
    const [entry] = signed.verificationMaterial.tlogEntries;
    assert.equal(Number(entry?.integratedTime), Math.floor(at / 1000));
  });

  it('attaches what it makes to the image, and grafts one bundle onto another', async (t) => {
    const ours = await sigstoreHere(t);
    const { repository, image, attest } = forgeHere(t);
    const shop = await image();
    const first = await attest(shop, 'https://example.com/a', {}, { by: keyedSigner('laptop') });
    const by = keylessSigner('ci', ours);
    const second = await attest(shop, 'https://example.com/b', {}, { by });
    const tamper = (bundle: SerializedBundle) => graftWitnesses(bundle, second.signed);
    const third = await attest(shop, 'https://example.com/c', {}, { by, tamper });
    const found = (await repository.referrers(shop)).map(({ digest }) => digest);
    assert.deepEqual(found.toSorted(), [first, second, third].map(({ referrer }) => referrer).toSorted());
    assert.throws(() => verify(graftWitnesses(third.signed, second.signed), ours), {
      code: 'TLOG_BODY_ERROR',
    });
  });
});
