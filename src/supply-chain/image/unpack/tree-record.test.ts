import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { digestOf } from '../../oci/digest.ts';
import { temporaryDirectory } from '../testing/directories.ts';
import { archive, emptyRepository, refusal, storeArchives } from '../testing/images.ts';
import { RECORD, verifyTree } from './tree-record.ts';
import { unpackImage, type UnpackedImage } from './unpack-image.ts';

async function unpacked(test: TestContext): Promise<UnpackedImage> {
  const repository = emptyRepository(test);
  const bytes = await archive(
    { name: 'app/main.js', content: 'run()' },
    { name: 'app/link', type: 'symlink', linkname: 'main.js' },
    { name: 'empty/', type: 'directory' },
  );
  const digest = await storeArchives(repository, [bytes]);
  return unpackImage(repository, digest, { directory: temporaryDirectory(test), platform: null });
}

describe('an unpacked image', () => {
  it('is the same as long as nobody changes it', async (t) => {
    const { root, treeDigest } = await unpacked(t);
    assert.equal(await verifyTree(root), treeDigest);
    assert.equal(await verifyTree(root, treeDigest), treeDigest);
    assert.equal((await unpacked(t)).treeDigest, treeDigest, 'the same image comes to the same tree');
  });

  const changes: Readonly<Record<string, (root: string) => void>> = {
    'other content': (root) => writeFileSync(path.join(root, 'app/main.js'), 'own()'),
    'other modes': (root) => chmodSync(path.join(root, 'app/main.js'), 0o700),
    'other modes of a directory': (root) => chmodSync(path.join(root, 'app'), 0o755),
    'a file more': (root) => writeFileSync(path.join(root, 'app/zzz'), ''),
    'a directory more': (root) => mkdirSync(path.join(root, 'more')),
    'a file less': (root) => unlinkSync(path.join(root, 'app/main.js')),
    'a directory less': (root) => rmSync(path.join(root, 'empty'), { recursive: true }),
    'a link to elsewhere': (root) => {
      unlinkSync(path.join(root, 'app/link'));
      symlinkSync('/etc/passwd', path.join(root, 'app/link'));
    },
    'a link instead of a file': (root) => {
      unlinkSync(path.join(root, 'app/main.js'));
      symlinkSync('/etc/passwd', path.join(root, 'app/main.js'));
    },
    'another record': (root) => appendFileSync(path.join(root, '..', RECORD), '{}\n'),
    'no record': (root) => unlinkSync(path.join(root, '..', RECORD)),
  };
  for (const [what, change] of Object.entries(changes)) {
    it(`is found out when it has ${what}`, async (t) => {
      const { root } = await unpacked(t);
      change(root);
      await assert.rejects(verifyTree(root), refusal('DIGEST_MISMATCH'));
    });
  }

  it('is found out when its record was changed with it, by who remembers the digest', async (t) => {
    const { root, treeDigest } = await unpacked(t);
    rmSync(path.join(root, 'app'), { recursive: true });
    writeFileSync(path.join(root, '..', RECORD), '{"path":"empty","type":"directory","mode":448}\n');
    await verifyTree(root);
    await assert.rejects(verifyTree(root, treeDigest), refusal('DIGEST_MISMATCH', /instead of/));
    assert.notEqual(treeDigest, digestOf(''));
  });
});
