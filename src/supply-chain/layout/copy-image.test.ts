import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { buildImage, NOBODY } from '../image/build/build-image.ts';
import { inspectImage } from '../image/inspect-image.ts';
import { hexOf } from '../oci/digest.ts';
import { copyImage } from './copy-image.ts';
import { layoutRepository } from './layout-repository.ts';

/** A layout with an image, and an empty one. */
async function rig(t: TestContext) {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-copy-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const app = path.join(directory, 'app');
  mkdirSync(app);
  writeFileSync(path.join(app, 'main.mjs'), '');
  const from = layoutRepository('registry/from', path.join(directory, 'from'));
  const { digest } = await buildImage(
    {
      directory: app,
      platform: 'linux/amd64',
      base: { kind: 'none' },
      node: null,
      entrypoint: ['node', 'main.mjs'],
      epoch: 0,
      version: null,
      source: null,
      revision: null,
      environment: {},
      labels: {},
      port: null,
      user: NOBODY,
      tag: null,
    },
    from,
    { scratch: path.join(directory, 'scratch') },
  );
  return { directory, from, to: layoutRepository('registry/to', path.join(directory, 'to')), digest };
}

describe('a copied image', () => {
  it('is the same image, by the same digest', async (t) => {
    const { from, to, digest } = await rig(t);
    assert.deepEqual(await copyImage(from, to, digest), await inspectImage(from, digest));
    assert.deepEqual(await inspectImage(to, digest), await inspectImage(from, digest));
    await copyImage(from, to, digest);
    assert.deepEqual(await to.tags(), []);
  });

  it('is not there when one of its layers is not what its digest says', async (t) => {
    const { directory, from, to, digest } = await rig(t);
    const [layer] = (await inspectImage(from, digest)).layers;
    assert.ok(layer !== undefined);
    const { digest: changed, size } = layer.descriptor;
    writeFileSync(path.join(directory, 'from/blobs/sha256', hexOf(changed)), Buffer.alloc(size));
    await assert.rejects(copyImage(from, to, digest), { code: 'DIGEST_MISMATCH' });
    await assert.rejects(to.manifest(digest), { code: 'NOT_FOUND' });
  });
});
