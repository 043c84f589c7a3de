import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Descriptor } from '../../oci/descriptor.ts';
import { digestOf, hexOf, type Digest } from '../../oci/digest.ts';
import { EMPTY_CONFIG, MEDIA_TYPES } from '../../oci/media-types.ts';
import { contentOf, MOST_REFERRERS, type ImageRepository } from '../../oci/repository.ts';
import { at, faultyRegistry, withoutReferrers, type Fault } from '../server/testing/faulty-registry.ts';
import { repositoryIn } from './testing/client.ts';
import { refusal } from './testing/refusal.ts';

const IMAGE = descriptorOf('an image');
const OTHER = descriptorOf('another image');

function descriptorOf(text: string): Descriptor {
  return { mediaType: MEDIA_TYPES.manifest, digest: digestOf(text), size: text.length };
}

async function registryWithout(t: TestContext) {
  const registry = await faultyRegistry(t);
  registry.fail(withoutReferrers);
  return { ...registry, repository: repositoryIn(registry.address) };
}

/** Attaches something to the image; by a client that knows the fallback. */
async function attach(repository: ImageRepository, subject: Descriptor, text: string): Promise<Digest> {
  const config = { mediaType: MEDIA_TYPES.empty, digest: digestOf(EMPTY_CONFIG), size: EMPTY_CONFIG.length };
  const layer = { mediaType: MEDIA_TYPES.bundle, digest: digestOf(text), size: text.length };
  await repository.putBlob(contentOf(Buffer.from(EMPTY_CONFIG), config.digest));
  await repository.putBlob(contentOf(Buffer.from(text), layer.digest));
  const document = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.manifest,
    artifactType: MEDIA_TYPES.bundle,
    config,
    layers: [layer],
    subject,
  };
  return repository.putManifest(Buffer.from(JSON.stringify(document)), MEDIA_TYPES.manifest, null);
}

/** Puts an index of these under the fallback tag of the image, as someone else might. */
function plant(repository: ImageRepository, manifests: readonly unknown[], extra = {}): Promise<Digest> {
  const index = { schemaVersion: 2, mediaType: MEDIA_TYPES.index, manifests, ...extra };
  return repository.putManifest(Buffer.from(JSON.stringify(index)), MEDIA_TYPES.index, TAG);
}

const TAG = `sha256-${hexOf(IMAGE.digest)}`;

async function digests(repository: ImageRepository): Promise<readonly Digest[]> {
  return (await repository.referrers(IMAGE.digest)).map(({ digest }) => digest);
}

describe('the fallback tag', () => {
  it('names what refers to the image, whatever its entries say they are', async (t) => {
    const { repository } = await registryWithout(t);
    const attached = await attach(repository, IMAGE, 'one');
    const wrong = { ...descriptorOf(''), digest: attached, size: 0, artifactType: MEDIA_TYPES.empty };
    await plant(repository, [wrong, wrong]);
    const [found, ...more] = await repository.referrers(IMAGE.digest);
    assert.equal(found?.digest, attached);
    assert.equal(found.artifactType, MEDIA_TYPES.bundle, 'the manifest says what it is');
    assert.deepEqual(more, []);
  });

  it('does not make anything refer to the image that refers to another one, to none, or is not there', async (t) => {
    const { repository } = await registryWithout(t);
    const mine = await attach(repository, IMAGE, 'one');
    const alien = await attach(repository, OTHER, 'two');
    const index = await repository.putManifest(
      Buffer.from('{"schemaVersion":2,"manifests":[]}'),
      MEDIA_TYPES.index,
      null,
    );
    const planted = [alien, mine, index, digestOf('missing')].map((digest) => ({ ...IMAGE, digest }));
    await plant(repository, [...planted, { ...IMAGE, digest: 'sha512:00' }]);
    assert.deepEqual(await digests(repository), [mine]);
  });

  it('with too many entries is a flood, and nothing of it is fetched', async (t) => {
    const { repository, asked } = await registryWithout(t);
    const entries = Array.from({ length: MOST_REFERRERS + 1 }, (_, index) => descriptorOf(`junk ${index}`));
    await plant(repository, entries);
    const before = asked.length;
    await assert.rejects(repository.referrers(IMAGE.digest), refusal('TOO_MANY_REFERRERS'));
    assert.equal(asked.length - before, 2);
  });

  it('that is something else than an index is an error, and is not overwritten', async (t) => {
    const { repository } = await registryWithout(t);
    const junk = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: 'none' }));
    await repository.putManifest(junk, MEDIA_TYPES.index, TAG);
    await assert.rejects(repository.referrers(IMAGE.digest), refusal('MALFORMED_IMAGE'));
    await assert.rejects(attach(repository, IMAGE, 'one'), refusal('MALFORMED_IMAGE'));
    assert.equal(await repository.resolve(TAG), digestOf(junk));
  });

  it('that cannot be read is an error, not an empty list', async (t) => {
    const { repository, fail } = await registryWithout(t);
    await attach(repository, IMAGE, 'one');
    fail(
      withoutReferrers,
      at(/GET .*\/manifests\/sha256-/, (_request, response) => response.writeHead(500).end()),
    );
    await assert.rejects(repository.referrers(IMAGE.digest), refusal('REGISTRY_UNAVAILABLE'));
    fail(
      withoutReferrers,
      at(/GET .*\/manifests\/sha256:/, (_request, response) => response.writeHead(500).end()),
    );
    await assert.rejects(repository.referrers(IMAGE.digest), refusal('REGISTRY_UNAVAILABLE'));
  });

  it('keeps what others wrote into it', async (t) => {
    const { repository } = await registryWithout(t);
    const theirs = { ...descriptorOf('theirs'), platform: { os: 'linux' }, data: 'e30=' };
    await plant(repository, [theirs], { annotations: { by: 'somebody' } });
    const mine = await attach(repository, IMAGE, 'one');
    const raw = await repository.manifest(await repository.resolve(TAG));
    const index = JSON.parse(String(Buffer.from(raw.bytes)));
    assert.deepEqual(index.annotations, { by: 'somebody' });
    assert.deepEqual(index.manifests[0], theirs);
    assert.equal(index.manifests[1].digest, mine);
  });

  it('is written again when somebody else has overwritten it', async (t) => {
    const { repository, fail } = await registryWithout(t);
    const rival = await attach(repository, IMAGE, 'of a rival');
    let times = 2;
    const overwritten: Fault = (request, response) => {
      if (times === 0 || request.method !== 'PUT' || !request.url?.endsWith(TAG)) return false;
      times -= 1;
      request.resume().once('end', () => response.writeHead(201).end());
      return true;
    };
    fail(withoutReferrers, overwritten);
    const mine = await attach(repository, IMAGE, 'one');
    assert.deepEqual((await digests(repository)).toSorted(), [mine, rival].toSorted());
    times = 100;
    await assert.rejects(attach(repository, IMAGE, 'two'), refusal('REGISTRY_UNAVAILABLE', /overwriting/));
  });
});

describe('a registry with the referrers API', () => {
  it('is believed when its list has what was attached, and gets no fallback tag', async (t) => {
    const registry = await faultyRegistry(t);
    const repository = repositoryIn(registry.address);
    await attach(repository, IMAGE, 'one');
    await assert.rejects(repository.resolve(TAG), refusal('NOT_FOUND'));
  });

  it('is not believed to list everything: bad news may have gone under the fallback tag', async (t) => {
    const registry = await faultyRegistry(t);
    const repository = repositoryIn(registry.address);
    const listed = await attach(repository, IMAGE, 'good news');
    const page = {
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.index,
      manifests: [{ ...IMAGE, digest: listed }],
    };
    registry.fail(at(/\/referrers\//, (_request, response) => response.end(JSON.stringify(page))));
    const unlisted = await attach(repository, IMAGE, 'bad news');
    assert.deepEqual((await digests(repository)).toSorted(), [listed, unlisted].toSorted());
  });

  it('that answers with empty lists does not lose what is attached', async (t) => {
    const registry = await faultyRegistry(t);
    registry.fail(
      at(/\/referrers\//, (_request, response) =>
        response.end(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.index, manifests: [] })),
      ),
    );
    const repository = repositoryIn(registry.address);
    const attached = await attach(repository, IMAGE, 'one');
    assert.deepEqual(await digests(repository), [attached]);
  });
});
