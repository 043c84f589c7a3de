import assert from 'node:assert/strict';
import { readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { digestOf, hexOf } from '../../oci/digest.ts';
import { temporaryDirectory } from '../testing/directories.ts';
import { archive, emptyRepository, refusal, storeArchives } from '../testing/images.ts';
import { RECORD, verifyTree } from './tree-record.ts';
import { unpackImage, type UnpackOptions } from './unpack-image.ts';

/** An image that was unpacked, and how it is unpacked once more. */
async function rig(test: TestContext) {
  const repository = emptyRepository(test);
  const digest = await storeArchives(repository, [await archive({ name: 'app/main.js', content: 'run()' })]);
  const directory = temporaryDirectory(test);
  const aside: string[] = [];
  const setAside = async (place: string) => {
    aside.push(`${place}.aside-${aside.length}`);
    renameSync(place, aside.at(-1) ?? '');
  };
  const again = (options: Partial<UnpackOptions> = { setAside }) =>
    unpackImage(repository, digest, { directory, platform: null, ...options });
  const { root, treeDigest } = await again();
  const main = path.join(root, 'app/main.js');
  return {
    repository,
    directory,
    place: path.join(directory, hexOf(digest)),
    root,
    treeDigest,
    main,
    again,
    setAside,
    aside,
  };
}

/** The line of the record for that content, as somebody would write it who wants it to be believed. */
function forge(root: string, main: string, content: string): void {
  writeFileSync(main, content);
  const record = path.join(root, '..', RECORD);
  const lines = readFileSync(record, 'utf8').replace(
    /"size":5,"sha256":"[0-9a-f]+"/,
    `"size":${content.length},"sha256":"${hexOf(digestOf(content))}"`,
  );
  writeFileSync(record, lines);
}

describe('the place of an unpacked image', () => {
  it('stays as it is while it is the image', async (t) => {
    const { place, again, aside } = await rig(t);
    const before = statSync(place).ino;
    await again();
    assert.equal(statSync(place).ino, before);
    assert.deepEqual(aside, []);
  });

  const changes: Readonly<Record<string, (shop: Awaited<ReturnType<typeof rig>>) => void>> = {
    'a file with other content': ({ main }) => writeFileSync(main, 'own()'),
    'a link instead of a file': ({ main }) => {
      rmSync(main);
      symlinkSync('main.js', main);
    },
    'no record': ({ place }) => rmSync(path.join(place, RECORD)),
    'no root': ({ root }) => rmSync(root, { recursive: true }),
    'a link to where the same is': ({ place }) => {
      renameSync(place, `${place}-elsewhere`);
      symlinkSync(`${place}-elsewhere`, place);
    },
    'a root that is a link to where the same is': ({ root }) => {
      renameSync(root, `${root}-elsewhere`);
      symlinkSync(`${root}-elsewhere`, root);
    },
    'a file where the directory was': ({ place }) => {
      rmSync(place, { recursive: true });
      writeFileSync(place, '');
    },
  };
  for (const [what, change] of Object.entries(changes)) {
    it(`is set aside when it has ${what}, and the image is put there anew`, async (t) => {
      const shop = await rig(t);
      change(shop);
      await assert.rejects(shop.again({}), refusal('DIGEST_MISMATCH'));
      const { root, treeDigest } = await shop.again();
      assert.deepEqual([root, treeDigest], [shop.root, shop.treeDigest]);
      assert.equal(readFileSync(shop.main, 'utf8'), 'run()');
      assert.equal(shop.aside.length, 1);
      assert.deepEqual(readdirSync(path.join(shop.directory, 'unfinished')), []);
    });
  }

  it('is not believed when its record was changed with its files', async (t) => {
    const shop = await rig(t);
    forge(shop.root, shop.main, 'evil()');
    await verifyTree(shop.root);
    await assert.rejects(shop.again({}), refusal('DIGEST_MISMATCH', /its record is/));
    await shop.again();
    assert.equal(readFileSync(shop.main, 'utf8'), 'run()');
  });

  it('is only compared when it is known what the image came to', async (t) => {
    const { repository, treeDigest, main, again, setAside, aside } = await rig(t);
    const options = { treeDigest, setAside };
    const blob = repository.blob;
    const fetched: string[] = [];
    Object.assign(repository, {
      blob: (...about: Parameters<typeof blob>) => {
        if (about[0].mediaType.includes('layer')) fetched.push(about[0].digest);
        return blob(...about);
      },
    });
    await again(options);
    assert.deepEqual([fetched.length, aside.length], [0, 0]);
    writeFileSync(main, 'own()');
    await again(options);
    assert.deepEqual([fetched.length, aside.length], [1, 1]);
  });

  it('is replaced once when several find it changed at once', async (t) => {
    const { main, again, aside } = await rig(t);
    writeFileSync(main, 'own()');
    await Promise.all(Array.from({ length: 6 }, () => again()));
    assert.equal(aside.length, 1);
    assert.equal(readFileSync(main, 'utf8'), 'run()');
  });

  it('is left as it is when what the repository has is not the image', async (t) => {
    const { repository, main, again, aside } = await rig(t);
    writeFileSync(main, 'own()');
    const blobs = path.join(repository.directory, 'blobs/sha256');
    for (const name of readdirSync(blobs)) {
      const file = path.join(blobs, name);
      const bytes = readFileSync(file);
      // Layers are gzipped.
      if (bytes[0] === 0x1f) writeFileSync(file, bytes.with(bytes.length - 9, (bytes.at(-9) ?? 0) ^ 1));
    }
    await assert.rejects(again(), refusal('DIGEST_MISMATCH'));
    assert.deepEqual(aside, []);
    assert.equal(readFileSync(main, 'utf8'), 'own()');
  });
});
