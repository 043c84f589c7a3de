import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, it } from 'node:test';
import { promisify } from 'node:util';
import { buildImage, NOBODY } from '../../src/supply-chain/image/build/build-image.ts';
import { inspectImage } from '../../src/supply-chain/image/inspect-image.ts';
import { platformOf } from '../../src/supply-chain/image/platform.ts';
import { layoutRepository } from '../../src/supply-chain/layout/layout-repository.ts';
import { writeBaseFiles } from './base-files.ts';
import { compilePodinfo } from './compiled.ts';
import { runsEverywhere } from './runs-everywhere.ts';
import { mayEnterRoot, programOf, type UnpackedImage } from './image-program.ts';

const run = promisify(execFile);

/** Some user without a name, as Lambda chooses one. */
const STRANGER = 49_152;

if (process.platform === 'linux' && mayEnterRoot) {
  const directory = await mkdtemp(path.join(tmpdir(), 'own-image-'));
  after(() => rm(directory, { recursive: true }));
  const image = await buildAndUnpack(directory);
  runsEverywhere('the image that canary builds, unpacked', () => programOf(image, STRANGER));
} else {
  it('the image that canary builds', {
    skip: 'only root on Linux may start programs with another root directory',
  });
}

/** Layers are unpacked as container runtimes do, with the owners and modes that are in them. */
async function buildAndUnpack(directory: string): Promise<UnpackedImage> {
  await using compiled = await compilePodinfo();
  const rootfs = path.join(directory, 'rootfs');
  await writeBaseFiles(rootfs, null);
  const platform = platformOf(process.arch);
  assert(platform !== null);
  const repository = layoutRepository('registry/podinfo', path.join(directory, 'registry'));
  const { digest } = await buildImage(
    {
      directory: compiled.directory,
      platform,
      base: { kind: 'rootfs', path: rootfs },
      node: process.execPath,
      entrypoint: ['node', 'src/main.js'],
      epoch: 0,
      version: '1.2.3',
      source: null,
      revision: null,
      environment: {},
      labels: {},
      port: 8080,
      user: NOBODY,
      tag: null,
    },
    repository,
    { scratch: path.join(directory, 'scratch') },
  );
  const { config, layers } = await inspectImage(repository, digest, platform);
  const root = path.join(directory, 'unpacked');
  await mkdir(root);
  for (const { descriptor } of layers) {
    const archive = path.join(directory, 'layer.tar.gz');
    await writeFile(archive, repository.blob(descriptor));
    await run('tar', [
      '--extract',
      '--gzip',
      '--preserve-permissions',
      '--file',
      archive,
      '--directory',
      root,
    ]);
  }
  const [program = '', ...words] = config.config?.Entrypoint ?? [];
  return { root, entrypoint: [program, ...words], environment: config.config?.Env ?? [] };
}
