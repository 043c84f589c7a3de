import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { layoutRepository } from '../../layout/layout-repository.ts';
import { readAll } from '../../oci/read-all.ts';
import { inspectImage } from '../inspect-image.ts';
import { buildImage, NOBODY } from './build-image.ts';

describe('an image of several layers', () => {
  it('is stored with all of them before what they were written to is removed', async (t) => {
    const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-build-'));
    t.after(() => rmSync(directory, { recursive: true, force: true }));
    const [app, rootfs, scratch] = ['app', 'rootfs', 'scratch'].map((name) => path.join(directory, name));
    assert.ok(app !== undefined && rootfs !== undefined && scratch !== undefined);
    mkdirSync(app);
    writeFileSync(path.join(app, 'main.mjs'), '');
    writeFileSync(path.join(app, 'package.json'), '{"name":"app","version":"1.0.0"}');
    mkdirSync(path.join(rootfs, 'etc'), { recursive: true });
    writeFileSync(path.join(rootfs, 'etc/hostname'), 'here');
    const repository = layoutRepository('registry/app', path.join(directory, 'layout'));
    const { digest } = await buildImage(
      {
        directory: app,
        platform: 'linux/amd64',
        base: { kind: 'rootfs', path: rootfs },
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
      repository,
      { scratch },
    );
    const { layers } = await inspectImage(repository, digest);
    assert.equal(layers.length, 2);
    for (const { descriptor } of layers) {
      assert.ok(await readAll(repository.blob(descriptor), descriptor.size, descriptor.digest));
    }
    assert.deepEqual(readdirSync(scratch), []);
  });
});
