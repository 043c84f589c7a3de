import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SerializedBundle } from '@sigstore/bundle';
import { SupplyChainError } from '../error.ts';
import { digestOf, hexOf, type Digest } from '../oci/digest.ts';
import { EMPTY_CONFIG, MEDIA_TYPES } from '../oci/media-types.ts';
import type { ImageRepository } from '../oci/repository.ts';
import { subjectOf } from '../testing/forge.ts';
import { forgeHere } from '../testing/places.ts';
import { keyedSigner } from '../testing/signers.ts';
import { EVIDENCE_LIMITS, readEvidence, readPinned } from './read-evidence.ts';

const now = Date.UTC(2026, 0, 15);
const MIB = 1024 * 1024;
const laptop = keyedSigner('laptop');
const trusted = [laptop.trust];
const ANY = 'https://example.com/any';
const SBOM = 'https://cyclonedx.org/bom';

async function codesOf(repository: ImageRepository, image: Digest, limits = EVIDENCE_LIMITS) {
  const { statements, rejected } = await readEvidence(repository, image, trusted, { now, limits });
  return [...statements.map(() => 'believed'), ...rejected.map(({ code }) => code)];
}

describe('what signed evidence says', () => {
  it('does not count when it is copied over from another image', async (t) => {
    const { repository, image, attest } = forgeHere(t);
    const [good, evil] = [await image({ content: 'good' }), await image({ content: 'evil' })];
    await attest(evil, ANY, {}, { by: laptop, subject: [subjectOf(good)] });
    assert.deepEqual(await codesOf(repository, evil), ['SUBJECT_MISMATCH']);
  });

  it('does not count when what was signed is not said to be an in-toto statement', async (t) => {
    const { repository, image, attest } = forgeHere(t);
    const shop = await image();
    await attest(shop, ANY, {}, { by: laptop, payloadType: 'application/json' });
    assert.deepEqual(await codesOf(repository, shop), ['PAYLOAD_TYPE']);
  });

  it('does not become another predicate by what its manifest says it is', async (t) => {
    const { repository, image, attest } = forgeHere(t);
    const shop = await image();
    await attest(shop, ANY, {}, { by: laptop, claimsToBe: SBOM });
    const { statements } = await readEvidence(repository, shop, trusted, { now });
    assert.deepEqual(
      statements.map(({ statement }) => statement.predicateType),
      [ANY],
    );
  });

  it('does not count when the digest is in the name, under another algorithm, or in capitals', async (t) => {
    const { repository, image, attest } = forgeHere(t);
    const shop = await image();
    const hex = hexOf(shop);
    const other = hexOf(digestOf('another'));
    const digests = [{ sha256: other }, { sha512: hex }, { sha256: hex.toUpperCase() }, { SHA256: hex }, {}];
    for (const digest of digests) {
      await attest(shop, ANY, {}, { by: laptop, subject: [{ name: `it@${shop}`, digest }] });
    }
    assert.deepEqual(
      await codesOf(repository, shop),
      digests.map(() => 'SUBJECT_MISMATCH'),
    );
  });

  it('counts when it is about other images besides, and still says which', async (t) => {
    const { repository, image, attest } = forgeHere(t);
    const shop = await image();
    const subject = [subjectOf(digestOf('another'), 'other'), subjectOf(shop)];
    await attest(shop, ANY, {}, { by: laptop, subject });
    const { statements } = await readEvidence(repository, shop, trusted, { now });
    assert.deepEqual(
      statements.map(({ statement }) => statement.subject.length),
      [2],
    );
  });

  it('counts by its digest, whatever repository its subject is named after', async (t) => {
    const { repository, image, attest } = forgeHere(t, 'registry/shop');
    const shop = await image();
    await attest(shop, ANY, {}, { by: laptop, subject: [subjectOf(shop, 'registry/elsewhere')] });
    assert.deepEqual(await codesOf(repository, shop), ['believed']);
  });

  it('is not looked for in another repository', async (t) => {
    const [here, elsewhere] = [forgeHere(t, 'registry/shop'), forgeHere(t, 'registry/shop-evidence')];
    const shop = await here.image();
    assert.equal(await elsewhere.image(), shop);
    await elsewhere.attest(shop, ANY, {}, { by: laptop });
    assert.deepEqual(await codesOf(here.repository, shop), []);
  });

  it('is no statement when it has none of its parts, too many subjects, or is no JSON', async (t) => {
    const { repository, image, attest } = forgeHere(t);
    const shop = await image();
    const subject = Array.from({ length: 1025 }, () => subjectOf(shop));
    const forged = [
      { payload: 'no JSON' },
      { payload: 'null' },
      { payload: '{}' },
      { payload: '\uFEFF{}' },
      { subject: [] },
      { subject },
      { subject: [{ name: 'it', digest: hexOf(shop) }] },
      { statementType: 'https://in-toto.io/Statement/v2' },
    ];
    for (const each of forged) await attest(shop, ANY, {}, { by: laptop, ...each });
    assert.deepEqual(
      await codesOf(repository, shop),
      forged.map(() => 'MALFORMED_STATEMENT'),
    );
  });

  it('does no harm with keys that are there twice, keys of JavaScript, depth, and large numbers', async (t) => {
    const { repository, image, attest } = forgeHere(t);
    const shop = await image();
    const statement = (predicate: string, about = hexOf(shop)) =>
      `{"_type":"https://in-toto.io/Statement/v1","predicateType":"${ANY}","subject":[{"digest":{"sha256":"${about}"}}],"predicate":${predicate}}`;
    const payloads = [
      statement('{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}}'),
      statement(`${'['.repeat(100_000)}${']'.repeat(100_000)}`),
      statement(`1${'0'.repeat(1_000_000)}`),
    ];
    for (const payload of payloads) await attest(shop, ANY, {}, { by: laptop, payload });
    assert.deepEqual(await codesOf(repository, shop), ['believed', 'believed', 'believed']);
    assert.equal(Object.hasOwn(Object.prototype, 'isAdmin'), false);
    const [good, evil] = [await image({ content: 'good' }), await image({ content: 'evil' })];
    const twice = statement('{}', `${hexOf(evil)}","sha256":"${hexOf(good)}`);
    for (const about of [good, evil]) await attest(about, ANY, {}, { by: laptop, payload: twice });
    assert.deepEqual(await codesOf(repository, good), ['believed'], 'of two, the last one counts');
    assert.deepEqual(await codesOf(repository, evil), ['SUBJECT_MISMATCH']);
    const proto = statement('{}', `","__proto__":{"sha256":"${hexOf(evil)}"},"x":"`);
    await attest(evil, ANY, {}, { by: laptop, payload: proto });
    assert.ok(!(await codesOf(repository, evil)).includes('believed'));
  });
});

describe('what is attached to an image', () => {
  it('does not count when it is larger than evidence ever is, and is not even read', async (t) => {
    const { repository, image, attach } = forgeHere(t);
    const shop = await image();
    await attach(shop, Buffer.alloc(17 * MIB, 'x'));
    let reads = 0;
    const counting: ImageRepository = {
      ...repository,
      blob(descriptor, signal) {
        reads += 1;
        return repository.blob(descriptor, signal);
      },
    };
    assert.deepEqual(await codesOf(counting, shop), ['TOO_LARGE']);
    assert.equal(reads, 0);
  });

  it('does not count when it is larger than it says', async (t) => {
    const { repository, image, blob, manifest } = forgeHere(t);
    const shop = await image();
    const config = await blob(EMPTY_CONFIG, MEDIA_TYPES.empty);
    const layer = { ...(await blob(Buffer.alloc(17 * MIB, 'x'), MEDIA_TYPES.bundle)), size: 1000 };
    const subject = { mediaType: MEDIA_TYPES.manifest, digest: shop, size: 1 };
    await manifest({ schemaVersion: 2, config, layers: [layer], subject });
    assert.deepEqual(await codesOf(repository, shop), ['DIGEST_MISMATCH']);
    const endless: ImageRepository = {
      ...repository,
      async *blob() {
        for (;;) yield Buffer.alloc(MIB);
      },
    };
    assert.deepEqual(await codesOf(endless, shop), ['TOO_LARGE'], 'though a registry never stops sending');
  });

  it('does not hide the good among the junk', async (t) => {
    const { repository, image, attach, attest, blob, manifest } = forgeHere(t);
    const shop = await image();
    for (const junk of ['', 'junk', '{}', 'null', '[]', '{"mediaType":1}']) await attach(shop, junk);
    await attest(shop, ANY, {}, { by: laptop });
    const config = await blob(EMPTY_CONFIG, MEDIA_TYPES.empty);
    const subject = { mediaType: MEDIA_TYPES.manifest, digest: shop, size: 1 };
    const unsigned = await blob('{"bomFormat":"CycloneDX"}', 'application/vnd.cyclonedx+json');
    await manifest({ schemaVersion: 2, config, layers: [unsigned], subject });
    const bundle = await blob('{}', MEDIA_TYPES.bundle);
    await manifest({ schemaVersion: 2, config, layers: [bundle, bundle], subject });
    const codes = await codesOf(repository, shop);
    assert.deepEqual(codes, ['believed', ...Array.from({ length: 7 }, () => 'MALFORMED_BUNDLE')]);
  });

  it('is read whatever type the registry lists it as', async (t) => {
    const { repository, image, attest } = forgeHere(t);
    const shop = await image();
    await attest(shop, ANY, {}, { by: laptop });
    const mislabelling: ImageRepository = {
      ...repository,
      referrers: async (subject) =>
        (await repository.referrers(subject)).map((each) => ({ ...each, artifactType: MEDIA_TYPES.empty })),
    };
    assert.deepEqual(await codesOf(mislabelling, shop), ['believed']);
  });

  it('does not count when it is listed for this image and attached to another', async (t) => {
    const { repository, image, attest } = forgeHere(t);
    const [good, evil] = [await image({ content: 'good' }), await image({ content: 'evil' })];
    const subject = [subjectOf(good), subjectOf(evil)];
    await attest(good, ANY, {}, { by: laptop, subject });
    const lying: ImageRepository = { ...repository, referrers: () => repository.referrers(good) };
    assert.deepEqual(await codesOf(lying, evil), ['SUBJECT_MISMATCH']);
  });

  it('does not count when its bytes are gone, and the rest does', async (t) => {
    const { repository, image, attest } = forgeHere(t);
    const shop = await image();
    const { bundle } = await attest(shop, ANY, { its: 'gone' }, { by: laptop });
    await attest(shop, ANY, { its: 'there' }, { by: laptop });
    const withholding: ImageRepository = {
      ...repository,
      blob(descriptor, signal) {
        const isGone = descriptor.digest === bundle;
        return repository.blob(isGone ? { ...descriptor, digest: digestOf('gone') } : descriptor, signal);
      },
    };
    assert.deepEqual(await codesOf(withholding, shop), ['believed', 'NOT_FOUND']);
  });

  it('is not read when it is a flood, but for what is known by its digest', async (t) => {
    const { repository, image, attach, attest } = forgeHere(t);
    const shop = await image();
    const pin = await attest(shop, ANY, {}, { by: laptop });
    for (let junk = 0; junk < 4; junk += 1) await attach(shop, `junk ${junk}`);
    const flooded = (error: unknown) =>
      error instanceof SupplyChainError && error.code === 'TOO_MANY_REFERRERS';
    await assert.rejects(codesOf(repository, shop, { ...EVIDENCE_LIMITS, referrers: 4 }), flooded);
    await assert.rejects(codesOf(repository, shop, { ...EVIDENCE_LIMITS, total: 20 }), flooded);
    assert.equal((await codesOf(repository, shop, { ...EVIDENCE_LIMITS, referrers: 5 })).length, 5);
    const { statements, rejected } = await readPinned(repository, shop, [pin], trusted, { now });
    assert.equal(statements.length, 1);
    assert.deepEqual(rejected, []);
  });

  it('counts by its digest only when it is the same bundle, there, and still trusted', async (t) => {
    const { repository, image, attest } = forgeHere(t);
    const shop = await image();
    const { referrer, bundle } = await attest(shop, ANY, {}, { by: laptop });
    const gone = digestOf('gone');
    const pins = [
      { referrer, bundle: gone },
      { referrer: gone, bundle },
      { referrer: shop, bundle },
    ];
    const { statements, rejected } = await readPinned(repository, shop, pins, trusted, { now });
    assert.deepEqual(statements, []);
    assert.deepEqual(
      rejected.map(({ code }) => code),
      ['DIGEST_MISMATCH', 'NOT_FOUND', 'DIGEST_MISMATCH'],
    );
    const others = [keyedSigner('other').trust];
    const untrusted = await readPinned(repository, shop, [{ referrer, bundle }], others, { now });
    assert.deepEqual(
      untrusted.rejected.map(({ code }) => code),
      ['UNTRUSTED_SIGNER'],
    );
  });

  it('is an outage, and no rejection, when the registry does not answer', async (t) => {
    const { repository, image, attest } = forgeHere(t);
    const shop = await image();
    await attest(shop, ANY, {}, { by: laptop });
    const down: ImageRepository = {
      ...repository,
      // oxlint-disable-next-line require-yield
      async *blob() {
        throw new SupplyChainError('REGISTRY_UNAVAILABLE', 'registry answers 503');
      },
    };
    await assert.rejects(codesOf(down, shop), { code: 'REGISTRY_UNAVAILABLE' });
  });

  it('is of the format that is read, and of no older one', async (t) => {
    const { repository, image, attest } = forgeHere(t);
    const shop = await image();
    const tamper = (bundle: SerializedBundle) => ({
      ...bundle,
      mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.2',
    });
    await attest(shop, ANY, {}, { by: laptop, tamper });
    assert.deepEqual(await codesOf(repository, shop), ['MALFORMED_BUNDLE']);
  });
});
