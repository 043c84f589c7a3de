import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { SerializedBundle } from '@sigstore/bundle';
import type { SupplyChainCode } from '../error.ts';
import {
  graftEnvelope,
  graftWitnesses,
  tamperPayload,
  withoutWitnesses,
  type ForgedAttestation,
} from '../testing/forge.ts';
import { startLocalSigstore, type LocalSigstore } from '../testing/local-sigstore.ts';
import { forgeHere } from '../testing/places.ts';
import { keyedSigner, keylessSigner } from '../testing/signers.ts';
import { GITHUB_ISSUER } from '../testing/workflow-identity.ts';
import { readEvidence } from './read-evidence.ts';
import type { TrustedSigner } from './trust.ts';

const SBOM = 'https://cyclonedx.org/bom';
const BOTH = { log: true, timestamp: true };

describe('evidence that is signed with certificates', () => {
  let ours: LocalSigstore;
  let theirs: LocalSigstore;
  before(async () => {
    [ours, theirs] = await Promise.all([startLocalSigstore(), startLocalSigstore()]);
  });
  after(() => Promise.all([ours.close(), theirs.close()]));

  const ci = () => keylessSigner('ci', ours);

  async function read(
    t: TestContext,
    options: ForgedAttestation,
    { trusted = [ci().trust], now = Date.now() }: { trusted?: TrustedSigner[]; now?: number } = {},
  ) {
    const { repository, image, attest } = forgeHere(t);
    const digest = await image();
    const { signed } = await attest(digest, SBOM, { any: 'thing' }, options);
    return { signed, ...(await readEvidence(repository, digest, trusted, { now })) };
  }

  async function assertRejected(
    t: TestContext,
    code: SupplyChainCode,
    options: ForgedAttestation,
    context: Parameters<typeof read>[2] = {},
  ): Promise<string> {
    const { statements, rejected } = await read(t, options, context);
    assert.deepEqual(statements, []);
    assert.deepEqual(
      rejected.map((each) => [each.code, each.claimsToBe]),
      [[code, SBOM]],
      rejected[0]?.detail,
    );
    return rejected[0]?.detail ?? '';
  }

  it('is believed when it is signed by exactly who is trusted, and says who that was and when', async (t) => {
    const by = keylessSigner('ci', ours, {}, BOTH);
    const another = { ...by.trust, name: 'also ci' };
    const stranger = keyedSigner('laptop').trust;
    const { statements, rejected, signed } = await read(
      t,
      { by },
      { trusted: [by.trust, stranger, another] },
    );
    assert.deepEqual(rejected, []);
    const [statement] = statements;
    assert.deepEqual(statement?.signers, ['ci', 'also ci']);
    assert.equal(
      statement.identity,
      `https://github.com/acme/shop/.github/workflows/release.yml@refs/heads/main (${GITHUB_ISSUER})`,
    );
    assert.equal(
      statement.signedAt,
      Number(signed.verificationMaterial.tlogEntries[0]?.integratedTime) * 1000,
    );
    assert.deepEqual(statement.statement.predicate, { any: 'thing' });
  });

  it('is believed with a timestamp and no log, where that is what is trusted', async (t) => {
    const by = keylessSigner('private', ours, {}, { log: false, timestamp: true });
    const { statements } = await read(t, { by }, { trusted: [by.trust] });
    assert.equal(statements.length, 1);
    assert.equal(typeof statements[0]?.signedAt, 'number');
    await assertRejected(t, 'TLOG_ERROR', { by });
  });

  it('is refused when a repository with a similar name signs it', async (t) => {
    const subject = 'https://github.com/acme/shop-evil/.github/workflows/release.yml@refs/heads/main';
    const repository = 'acme/shop-evil';
    const by = keylessSigner('ci', ours, { subject, repository, repositoryId: '1002' });
    assert.match(await assertRejected(t, 'UNTRUSTED_SIGNER', { by }), /shop-evil/);
  });

  it('is refused when the same workflow signs it on another branch', async (t) => {
    const subject = 'https://github.com/acme/shop/.github/workflows/release.yml@refs/heads/main-evil';
    await assertRejected(t, 'UNTRUSTED_SIGNER', { by: keylessSigner('ci', ours, { subject }) });
  });

  it('is refused when the name is right and another issuer says so, also one that begins alike', async (t) => {
    for (const issuer of ['https://issuer.example.com', `${GITHUB_ISSUER}/evil-enterprise`]) {
      await assertRejected(t, 'UNTRUSTED_SIGNER', { by: keylessSigner('ci', ours, { issuer }) });
    }
  });

  it('is refused when another repository calls the same reusable workflow', async (t) => {
    const caller = { repository: 'mallory/shop', repositoryId: '6666', ownerId: '666' };
    const detail = await assertRejected(t, 'UNTRUSTED_SIGNER', { by: keylessSigner('ci', ours, caller) });
    assert.match(detail, /sourceRepository is https:\/\/github.com\/mallory\/shop/);
  });

  it('is refused when a repository was created anew under the same name', async (t) => {
    for (const anew of [{ repositoryId: '1003' }, { ownerId: '502' }]) {
      await assertRejected(t, 'UNTRUSTED_SIGNER', { by: keylessSigner('ci', ours, anew) });
    }
  });

  it('is refused when the certificate does not say which repository it was, and one is wanted', async (t) => {
    const { trust, sign } = keylessSigner('ci', ours, { repositoryId: '' });
    const [identity] = trust.identities;
    assert.ok(identity);
    const wanted = { ...trust, identities: [{ ...identity, sourceRepositoryId: '1001' }] };
    await assertRejected(t, 'UNTRUSTED_SIGNER', { by: { trust, sign } }, { trusted: [wanted] });
  });

  it('is refused when a Sigstore of the attacker gave out the certificate', async (t) => {
    await assertRejected(t, 'CERTIFICATE_ERROR', { by: keylessSigner('ci', theirs) });
  });

  it('is refused when nobody says when a certificate of minutes signed it', async (t) => {
    await assertRejected(t, 'TIMESTAMP_ERROR', { by: ci(), tamper: withoutWitnesses });
  });

  it('is refused when the log entry of another signature is grafted onto it', async (t) => {
    const other = await read(t, { by: ci(), payload: '{"another":"payload"}' });
    const tamper = (bundle: SerializedBundle) => graftWitnesses(bundle, other.signed);
    await assertRejected(t, 'TLOG_BODY_ERROR', { by: ci(), tamper });
  });

  it('is refused when the timestamp of another signature is grafted onto it', async (t) => {
    const by = keylessSigner('ci', ours, {}, { log: false, timestamp: true });
    const other = await read(t, { by, payload: '{"another":"payload"}' });
    const tamper = (bundle: SerializedBundle) => graftWitnesses(bundle, other.signed);
    await assertRejected(t, 'TIMESTAMP_ERROR', { by, tamper }, { trusted: [by.trust] });
  });

  it('is refused when what was signed is changed, or put under the certificate of another signature', async (t) => {
    const changed = (bundle: SerializedBundle) =>
      tamperPayload(bundle, (text) => text.replace('thing', 'other'));
    await assertRejected(t, 'TLOG_BODY_ERROR', { by: ci(), tamper: changed });
    const other = await read(t, { by: ci(), payload: '{"another":"payload"}' });
    const regraft = (bundle: SerializedBundle) => graftEnvelope(other.signed, bundle);
    await assertRejected(t, 'TLOG_BODY_ERROR', { by: ci(), tamper: regraft });
    const by = keylessSigner('ci', ours, {}, { log: false, timestamp: true });
    await assertRejected(t, 'SIGNATURE_ERROR', { by, tamper: changed }, { trusted: [by.trust] });
  });

  it('is refused when a log says that it is signed in the future', async (t) => {
    const at = Date.now() + 3_600_000;
    await assertRejected(t, 'TIMESTAMP_ERROR', { by: ci(), at });
    const { statements } = await read(t, { by: ci(), at }, { now: at });
    assert.equal(statements.length, 1, 'and believed when that time has come');
  });

  it('is refused when it is signed with a key, and certificates are trusted', async (t) => {
    assert.match(await assertRejected(t, 'UNTRUSTED_SIGNER', { by: keyedSigner('laptop') }), /with a key/);
  });

  it('says that somebody else signed it rather than that it is not known, when several are trusted', async (t) => {
    const subject = 'https://github.com/acme/other/.github/workflows/release.yml@refs/heads/main';
    const trusted = [keylessSigner('strangers', theirs).trust, ci().trust];
    await assertRejected(t, 'UNTRUSTED_SIGNER', { by: keylessSigner('ci', ours, { subject }) }, { trusted });
    await assertRejected(
      t,
      'UNTRUSTED_SIGNER',
      { by: keylessSigner('ci', ours, { subject }) },
      {
        trusted: trusted.toReversed(),
      },
    );
  });
});
