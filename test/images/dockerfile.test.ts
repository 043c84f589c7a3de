import assert from 'node:assert/strict';
import { readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { openBuildah } from './buildah.ts';
import { imageBuilder, type ImageBuilder } from './podinfo-image.ts';
import { runsEverywhere } from './runs-everywhere.ts';
import { mayEnterRoot, programOf } from './image-program.ts';

/** Some user without a name, as Lambda chooses one. */
const STRANGER = 49_152;

const tool = await openBuildah();
if (typeof tool === 'string') {
  it('the image of the Dockerfile', { skip: tool });
} else {
  after(() => tool[Symbol.asyncDispose]());
  await testImage(await imageBuilder(tool));
}

async function testImage(builder: ImageBuilder): Promise<void> {
  const { base, context } = builder;
  await builder.build('first', base);
  const root = await builder.mount('first');
  const image = await builder.push('first');
  const { config } = image;

  describe('the image of the Dockerfile', () => {
    it('is one manifest with compressed layers, as Lambda wants it', () => {
      assert.equal(image.mediaType, 'application/vnd.oci.image.manifest.v1+json');
      assert.ok(image.layers.length > 0);
      for (const { mediaType } of image.layers) {
        assert.equal(mediaType, 'application/vnd.oci.image.layer.v1.tar+gzip');
      }
    });

    it('starts without a shell, as nobody in particular, and says where the program is', () => {
      assert.equal(config.User, '65532:65532');
      assert.deepEqual(config.Entrypoint, ['/nodejs/bin/node', '/app/src/main.js']);
      assert.ok(config.Env.includes('VERSION=1.2.3'));
      assert.equal(config.Labels['org.canary-rollout.app'], '/app');
      assert.equal(config.Labels['org.opencontainers.image.base.name'], base);
    });

    it('is the same again, whenever the files were written', async () => {
      await utimes(path.join(context, 'dist/podinfo/package.json'), 1, 1);
      await builder.build('second', base);
      const again = await builder.push('second');
      assert.equal(again.digest, image.digest);
    });

    it('has nothing but the program in it, for everybody to read and only root to change', async () => {
      const app = path.join(root, 'app');
      const entries = await readdir(app, { recursive: true, withFileTypes: true });
      assert.ok(entries.some(({ name }) => name === 'main.js'));
      for (const entry of entries) {
        const { mode, uid } = await stat(path.join(entry.parentPath, entry.name));
        assert.deepEqual([mode & 0o777, uid], [entry.isDirectory() ? 0o755 : 0o644, 0], entry.name);
        assert.doesNotMatch(entry.name, /\.test\.|\.ts$/);
      }
      assert.ok(!(await readdir(root)).includes('build'));
    });

    it('is not built on a base that is not named by digest', async () => {
      await assert.rejects(
        builder.build('tagged', 'localhost/base:nonroot'),
        /BASE must name an image by the digest/,
      );
      await assert.rejects(builder.build('blank', ''));
    });

    it('is not built with what is not a part of the program', async () => {
      const stray = path.join(context, 'dist/podinfo/src/.npmrc');
      await writeFile(stray, '');
      await assert.rejects(builder.build('stray', base), /\.npmrc is not a part of the compiled program/);
      await rm(stray);
    });
  });

  if (!mayEnterRoot) return;
  const unpacked = { root, entrypoint: config.Entrypoint, environment: config.Env };
  runsEverywhere('the unpacked image of the Dockerfile', () => programOf(unpacked, STRANGER));
}
