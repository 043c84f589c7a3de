import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { statementAbout, type Statement } from '../attestations/statement.ts';
import { digestOf, hexOf, type Digest } from '../oci/digest.ts';
import { EMPTY_CONFIG, MEDIA_TYPES } from '../oci/media-types.ts';
import { contentOf, type ImageRepository } from '../oci/repository.ts';
import { signPayload } from '../signing/sign-statement.ts';
import { attachBundle } from '../signing/attach-bundle.ts';
import { forge, keyHolder } from '../testing/forge.ts';
import { readEvidence, readPinned } from './read-evidence.ts';

const NOW = Date.UTC(2026, 0, 15);
const MIB = 1024 * 1024;
const ANY = 'https://example.com/any';
const laptop = keyHolder();
const trusted = [laptop.trustedAs('laptop')];

async function codesOf(repository: ImageRepository, image: Digest): Promise<readonly string[]> {
  const { statements, rejected } = await readEvidence(repository, image, trusted, { now: NOW });
  return [...statements.map(() => 'believed'), ...rejected.map(({ code }) => code)];
}

/** A payload as it stands, signed. */
async function signed(payload: string): Promise<Buffer> {
  return signPayload({ bytes: Buffer.from(payload), type: 'application/vnd.in-toto+json' }, laptop.signing);
}

describe('a signed statement', () => {
  it('is none when it has not all of its parts, too many subjects, or is no JSON', async (t) => {
    const { repository, image, attach } = forge(t);
    const shop = await image();
    const whole = statementAbout({ repository: 'registry/shop', digest: shop }, ANY, {});
    const changed: readonly (Partial<Record<keyof Statement, unknown>> | string)[] = [
      'no JSON',
      'null',
      '\uFEFF{}',
      {},
      { ...whole, subject: [] },
      { ...whole, subject: Array.from({ length: 1025 }, () => whole.subject[0]) },
      { ...whole, subject: [{ name: 'it', digest: hexOf(shop) }] },
      { ...whole, _type: 'https://in-toto.io/Statement/v2' },
      { ...whole, predicateType: '' },
    ];
    for (const each of changed) {
      await attach(shop, await signed(typeof each === 'string' ? each : JSON.stringify(each)));
    }
    assert.deepEqual(
      await codesOf(repository, shop),
      changed.map(() => 'MALFORMED_STATEMENT'),
    );
  });

  it('is not about the image by capitals, another algorithm, or a name with the digest', async (t) => {
    const { repository, image, attest } = forge(t);
    const shop = await image();
    const hex = hexOf(shop);
    const other = hexOf(digestOf('another'));
    const digests = [{ sha256: other }, { sha512: hex }, { sha256: hex.toUpperCase() }, { SHA256: hex }, {}];
    for (const digest of digests as readonly Record<string, string>[]) {
      const change = (whole: Statement) => ({ ...whole, subject: [{ name: `shop@${shop}`, digest }] });
      await attest(shop, { predicateType: ANY, change }, laptop.signing);
    }
    assert.deepEqual(
      await codesOf(repository, shop),
      digests.map(() => 'SUBJECT_MISMATCH'),
    );
  });

  it('does no harm with keys that are there twice, keys of JavaScript, depth, and large numbers', async (t) => {
    const { repository, image, attach } = forge(t);
    const [shop, evil] = [await image('shop'), await image('evil')];
    const text = (predicate: string, about = hexOf(shop)) =>
      `{"_type":"https://in-toto.io/Statement/v1","predicateType":"${ANY}","subject":[{"digest":{"sha256":"${about}"}}],"predicate":${predicate}}`;
    const payloads = [
      text('{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}}'),
      text(`${'['.repeat(100_000)}${']'.repeat(100_000)}`),
      text(`1${'0'.repeat(1_000_000)}`),
    ];
    for (const payload of payloads) await attach(shop, await signed(payload));
    assert.deepEqual(await codesOf(repository, shop), ['believed', 'believed', 'believed']);
    assert.equal(Object.hasOwn(Object.prototype, 'isAdmin'), false);

    const twice = await signed(text('{}', `${hexOf(evil)}","sha256":"${hexOf(shop)}`));
    const hidden = await signed(text('{}', `","__proto__":{"sha256":"${hexOf(evil)}"},"x":"`));
    for (const bytes of [twice, hidden]) await attach(evil, bytes);
    assert.ok(!(await codesOf(repository, evil)).includes('believed'), 'of two, the last one counts for all');
    await attach(shop, twice);
    assert.equal((await codesOf(repository, shop)).filter((code) => code === 'believed').length, 4);
  });

  it('is what it says, and not what its manifest says of it', async (t) => {
    const { repository, image, attach } = forge(t);
    const shop = await image();
    const whole = statementAbout({ repository: 'registry/shop', digest: shop }, ANY, {});
    await attach(shop, await signed(JSON.stringify(whole)), 'https://cyclonedx.org/bom');
    const { statements } = await readEvidence(repository, shop, trusted, { now: NOW });
    assert.deepEqual(
      statements.map(({ statement }) => statement.predicateType),
      [ANY],
    );
  });

  it('is not looked for in another repository than that of the image', async (t) => {
    const [here, elsewhere] = [forge(t, 'registry/shop'), forge(t, 'registry/shop-evidence')];
    const shop = await here.image();
    assert.equal(await elsewhere.image(), shop);
    await elsewhere.attest(shop, { predicateType: ANY }, laptop.signing);
    assert.deepEqual(await codesOf(here.repository, shop), []);
  });
});

describe('what is attached to an image', () => {
  it('does not hide the good among the junk', async (t) => {
    const { repository, image, attach, attest } = forge(t);
    const shop = await image();
    const junk = ['', 'junk', '{}', 'null', '[]', '{"mediaType":1}'];
    for (const each of junk) await attach(shop, Buffer.from(each));
    await attest(shop, { predicateType: ANY }, laptop.signing);
    assert.deepEqual(await codesOf(repository, shop), ['believed', ...junk.map(() => 'MALFORMED_BUNDLE')]);
  });

  it('is read whatever type the registry lists it as', async (t) => {
    const { repository, image, attest } = forge(t);
    const shop = await image();
    await attest(shop, { predicateType: ANY }, laptop.signing);
    const mislabelling: ImageRepository = {
      ...repository,
      referrers: async (subject) =>
        (await repository.referrers(subject)).map((each) => ({ ...each, artifactType: MEDIA_TYPES.empty })),
    };
    assert.deepEqual(await codesOf(mislabelling, shop), ['believed']);
  });

  it('is not even asked for when it says that it is too large, and cut off when it does not', async (t) => {
    const { repository, image, attach } = forge(t);
    const shop = await image();
    await attach(shop, Buffer.alloc(17 * MIB, 'x'));
    const asked: string[] = [];
    const counting: ImageRepository = {
      ...repository,
      blob(descriptor, signal) {
        asked.push(descriptor.digest);
        return repository.blob(descriptor, signal);
      },
    };
    assert.deepEqual(await codesOf(counting, shop), ['TOO_LARGE']);
    assert.deepEqual(asked, []);

    const small = await image('small');
    await attach(small, Buffer.from('{}'));
    const endless: ImageRepository = {
      ...repository,
      async *blob() {
        for (;;) yield Buffer.alloc(MIB);
      },
    };
    assert.deepEqual(await codesOf(endless, small), ['TOO_LARGE']);
  });

  it('is not read when all of it together is more than anybody has', async (t) => {
    const { repository, image } = forge(t);
    const shop = await image();
    const config = Buffer.from(EMPTY_CONFIG);
    await repository.putBlob(contentOf(config, digestOf(config)));
    const subject = { mediaType: MEDIA_TYPES.manifest, digest: shop, size: 1 };
    for (let place = 0; place < 17; place += 1) {
      const layer = { mediaType: MEDIA_TYPES.bundle, digest: digestOf(`${place}`), size: 16 * MIB };
      const document = {
        schemaVersion: 2,
        config: { mediaType: MEDIA_TYPES.empty, digest: digestOf(config), size: config.length },
        layers: [layer],
        subject,
      };
      await repository.putManifest(Buffer.from(JSON.stringify(document)), MEDIA_TYPES.manifest, null);
    }
    await assert.rejects(codesOf(repository, shop), { code: 'TOO_MANY_REFERRERS' });
  });

  it('does not count when it is gone, and the rest does', async (t) => {
    const { repository, image, attest } = forge(t);
    const shop = await image();
    const { bundle } = await attest(shop, { predicateType: ANY, predicate: { its: 'gone' } }, laptop.signing);
    await attest(shop, { predicateType: ANY, predicate: { its: 'there' } }, laptop.signing);
    const withholding: ImageRepository = {
      ...repository,
      blob(descriptor, signal) {
        const isGone = descriptor.digest === bundle;
        return repository.blob(isGone ? { ...descriptor, digest: digestOf('gone') } : descriptor, signal);
      },
    };
    assert.deepEqual(await codesOf(withholding, shop), ['believed', 'NOT_FOUND']);
  });
});

describe('evidence whose digests are known', () => {
  it('is read without asking what else there is', async (t) => {
    const { repository, image, attest } = forge(t);
    const shop = await image();
    const pin = await attest(shop, { predicateType: ANY }, laptop.signing);
    const flooded: ImageRepository = { ...repository, referrers: () => assert.fail('nobody needs to know') };
    const { statements, rejected } = await readPinned(flooded, shop, [pin], trusted, { now: NOW });
    assert.deepEqual(rejected, []);
    assert.deepEqual(
      statements.map(({ referrer, bundle }) => ({ referrer, bundle })),
      [{ referrer: pin.referrer, bundle: pin.bundle }],
    );
  });

  it('counts only when it is the same bundle, there, and still trusted', async (t) => {
    const { repository, image, attest } = forge(t);
    const [shop, other] = [await image('shop'), await image('other')];
    const pin = await attest(shop, { predicateType: ANY }, laptop.signing);
    const gone = digestOf('gone');
    const pins = [
      { ...pin, bundle: gone },
      { ...pin, referrer: gone },
      { ...pin, referrer: shop },
    ];
    const read = async (about: Digest, asked: typeof pins, by = trusted) =>
      readPinned(repository, about, asked, by, { now: NOW });
    const codes = (await read(shop, pins)).rejected.map(({ code }) => code);
    assert.deepEqual(codes, ['DIGEST_MISMATCH', 'NOT_FOUND', 'DIGEST_MISMATCH']);
    assert.equal((await read(other, [pin])).rejected[0]?.code, 'SUBJECT_MISMATCH');
    const strangers = [keyHolder().trustedAs('stranger')];
    assert.equal((await read(shop, [pin], strangers)).rejected[0]?.code, 'UNTRUSTED_SIGNER');
    const outside = readPinned(repository, shop, [{ ...pin, bundle: 'latest' }], trusted, { now: NOW });
    await assert.rejects(outside, { code: 'BAD_REFERENCE' });
  });

  it('is attached once, however often it is', async (t) => {
    const { repository, image } = forge(t);
    const shop = await image();
    const bytes = await signed('{}');
    const first = await attachBundle(repository, shop, { bytes, predicateType: ANY });
    assert.deepEqual(await attachBundle(repository, shop, { bytes, predicateType: ANY }), first);
    const dated = { bytes, predicateType: ANY, created: '2026-01-15T00:00:00Z' };
    const second = await attachBundle(repository, shop, dated);
    assert.equal(second.bundle, first.bundle);
    assert.notEqual(second.referrer, first.referrer, 'unless the manifest says when');
    assert.equal((await repository.referrers(shop)).length, 2);
  });
});
