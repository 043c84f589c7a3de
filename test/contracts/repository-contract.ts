import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { SupplyChainError } from '../../src/supply-chain/error.ts';
import type { Descriptor } from '../../src/supply-chain/oci/descriptor.ts';
import { digestOf } from '../../src/supply-chain/oci/digest.ts';
import { EMPTY_CONFIG, MEDIA_TYPES } from '../../src/supply-chain/oci/media-types.ts';
import { readAll } from '../../src/supply-chain/oci/read-all.ts';
import { contentOf, LARGEST_MANIFEST, type ImageRepository } from '../../src/supply-chain/oci/repository.ts';

/** What every repository of images promises. `make` is called for each test, and gives an empty one. */
export function repositoryContract(
  what: string,
  make: (test: TestContext) => Promise<ImageRepository>,
): void {
  describe(`${what}, as a repository of images`, () => {
    it('gives back the blobs that it was given', async (t) => {
      const repository = await make(t);
      const descriptor = await put(repository, 'some bytes');
      assert.equal((await readAll(repository.blob(descriptor), 100, 'it')).toString(), 'some bytes');
      await put(repository, 'some bytes');
    });

    it('gives back manifests byte by byte, by digest and by tag', async (t) => {
      const repository = await make(t);
      const { bytes, digest } = await putImage(repository, 'a', '1.0.0');
      assert.equal(await repository.resolve('1.0.0'), digest);
      const found = await repository.manifest(digest);
      assert.equal(Buffer.compare(found.bytes, bytes), 0);
      assert.equal(found.mediaType, MEDIA_TYPES.manifest);
    });

    it('moves tags, and keeps what loses its tag', async (t) => {
      const repository = await make(t);
      const first = await putImage(repository, 'a', 'latest');
      const second = await putImage(repository, 'b', 'latest');
      await putImage(repository, 'b', 'also');
      assert.equal(await repository.resolve('latest'), second.digest);
      assert.deepEqual(await repository.tags(), ['also', 'latest']);
      await repository.manifest(first.digest);
    });

    it('finds what refers to an image, and nothing else', async (t) => {
      const repository = await make(t);
      const image = await putImage(repository, 'a', null);
      const other = await putImage(repository, 'b', null);
      assert.deepEqual(await repository.referrers(image.digest), []);
      const attached = [await attach(repository, image, 'one'), await attach(repository, image, 'two')];
      await attach(repository, other, 'three');
      const found = await repository.referrers(image.digest);
      assert.deepEqual(found.map(({ digest }) => digest).toSorted(), attached.toSorted());
      await attach(repository, image, 'one');
      assert.equal((await repository.referrers(image.digest)).length, 2, 'the same once more is the same');
    });

    it('says of what refers to an image what it is, and gives it no name', async (t) => {
      const repository = await make(t);
      const image = await putImage(repository, 'a', '1.0.0');
      const digest = await attach(repository, image, 'one');
      const [found] = await repository.referrers(image.digest);
      assert.equal(found?.digest, digest);
      assert.equal(found.mediaType, MEDIA_TYPES.manifest);
      assert.equal(found.artifactType, MEDIA_TYPES.bundle);
      assert.deepEqual(found.annotations, { about: 'one' });
      assert.equal(found.size, (await repository.manifest(found.digest)).bytes.length);
      assert.deepEqual(await repository.tags(), ['1.0.0']);
    });

    it('has neither tags nor referrers before anything was put into it', async (t) => {
      const repository = await make(t);
      assert.deepEqual(await repository.tags(), []);
      assert.deepEqual(await repository.referrers(digestOf('nothing')), []);
    });

    it('keeps an index of several platforms as it is', async (t) => {
      const repository = await make(t);
      const { bytes, digest } = await putImage(repository, 'a', null);
      const entry = { mediaType: MEDIA_TYPES.manifest, digest, size: bytes.length };
      const index = { schemaVersion: 2, mediaType: MEDIA_TYPES.index, manifests: [entry] };
      const stored = Buffer.from(JSON.stringify(index));
      const found = await repository.manifest(await repository.putManifest(stored, MEDIA_TYPES.index, 'all'));
      assert.equal(found.mediaType, MEDIA_TYPES.index);
      assert.equal(Buffer.compare(found.bytes, stored), 0);
    });

    it('takes no manifest that is too large', async (t) => {
      const repository = await make(t);
      const bytes = Buffer.alloc(LARGEST_MANIFEST + 1, 32);
      await assert.rejects(repository.putManifest(bytes, MEDIA_TYPES.manifest, null), refusal('TOO_LARGE'));
    });

    it('says when something is not there', async (t) => {
      const repository = await make(t);
      const digest = digestOf('nothing');
      const missing = { mediaType: 'text/plain', digest, size: 7 };
      await assert.rejects(repository.resolve('1.0.0'), refusal('NOT_FOUND'));
      await assert.rejects(repository.manifest(digest), refusal('NOT_FOUND'));
      await assert.rejects(readAll(repository.blob(missing), 100, 'it'), refusal('NOT_FOUND'));
    });

    it('takes no blob that is not what it says', async (t) => {
      const repository = await make(t);
      const content = contentOf(Buffer.from('some bytes'), digestOf('others'));
      await assert.rejects(repository.putBlob(content));
      const missing = { mediaType: 'text/plain', digest: digestOf('others'), size: 10 };
      await assert.rejects(readAll(repository.blob(missing), 100, 'it'), refusal('NOT_FOUND'));
    });

    it('passes on no more bytes than the descriptor says', async (t) => {
      const repository = await make(t);
      const descriptor = await put(repository, 'some bytes');
      await assert.rejects(
        readAll(repository.blob({ ...descriptor, size: 4 }), 100, 'it'),
        refusal('DIGEST_MISMATCH'),
      );
    });

    it('takes writers at the same time', async (t) => {
      const repository = await make(t);
      const image = await putImage(repository, 'a', null);
      const names = Array.from({ length: 8 }, (_, index) => `at once ${index}`);
      await Promise.all(names.map((name) => attach(repository, image, name)));
      assert.equal((await repository.referrers(image.digest)).length, names.length);
    });
  });
}

function refusal(code: SupplyChainError['code']) {
  return (error: unknown) => {
    assert.ok(error instanceof SupplyChainError, String(error));
    assert.equal(error.code, code);
    return true;
  };
}

async function put(repository: ImageRepository, text: string): Promise<Descriptor> {
  const bytes = Buffer.from(text);
  const digest = digestOf(bytes);
  await repository.putBlob(contentOf(bytes, digest));
  return { mediaType: 'application/octet-stream', digest, size: bytes.length };
}

interface Stored {
  readonly bytes: Buffer;
  readonly digest: Descriptor['digest'];
}

async function putImage(repository: ImageRepository, content: string, tag: string | null): Promise<Stored> {
  const config = { ...(await put(repository, JSON.stringify({ content }))), mediaType: MEDIA_TYPES.config };
  const layers = [{ ...(await put(repository, content)), mediaType: MEDIA_TYPES.layer }];
  const document = { schemaVersion: 2, mediaType: MEDIA_TYPES.manifest, config, layers };
  const bytes = Buffer.from(JSON.stringify(document));
  return { bytes, digest: await repository.putManifest(bytes, MEDIA_TYPES.manifest, tag) };
}

async function attach(repository: ImageRepository, image: Stored, text: string): Promise<string> {
  const layer = { ...(await put(repository, text)), mediaType: MEDIA_TYPES.bundle };
  const document = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.manifest,
    artifactType: MEDIA_TYPES.bundle,
    config: { ...(await put(repository, EMPTY_CONFIG)), mediaType: MEDIA_TYPES.empty },
    layers: [layer],
    subject: { mediaType: MEDIA_TYPES.manifest, digest: image.digest, size: image.bytes.length },
    annotations: { about: text },
  };
  const bytes = Buffer.from(JSON.stringify(document));
  return repository.putManifest(bytes, MEDIA_TYPES.manifest, null);
}
