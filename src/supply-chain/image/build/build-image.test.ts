import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { inspectImage } from '../inspect-image.ts';
import { SERVICE, temporaryDirectory, writeFiles, type Files } from '../testing/directories.ts';
import { archive, buildOptions, emptyRepository, refusal, storeArchives } from '../testing/images.ts';
import { unpackImage } from '../unpack/unpack-image.ts';
import { buildImage, type BuildOptions } from './build-image.ts';

const PODINFO = fileURLToPath(new URL('../../../../podinfo', import.meta.url));

async function build(test: TestContext, directory: string, changes: Partial<BuildOptions> = {}) {
  const repository = emptyRepository(test);
  const scratch = temporaryDirectory(test);
  const built = await buildImage(buildOptions(directory, changes), repository, { scratch }).finally(() =>
    assert.deepEqual(readdirSync(scratch), [], 'nothing half-done is left'),
  );
  return { ...built, repository };
}

function service(test: TestContext, files: Files = {}): string {
  return writeFiles(temporaryDirectory(test), { ...SERVICE, ...files });
}

/** Everything that the image has, unpacked. */
async function unpacked(test: TestContext, directory: string, changes: Partial<BuildOptions> = {}) {
  const { digest, repository } = await build(test, directory, changes);
  const options = { directory: temporaryDirectory(test), platform: 'linux/amd64' } as const;
  const { root, config } = await unpackImage(repository, digest, options);
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).toSorted();
  return {
    root,
    config: config.config,
    files: files.filter((file) => lstatSync(path.join(root, file)).isFile()),
  };
}

describe('the digest of a service', () => {
  it('is the same on another day, in another directory, with another umask, in another order', async (t) => {
    const first = service(t);
    const { digest } = await build(t, first);
    utimesSync(path.join(first, 'src/main.js'), 1e9, 1e9);
    assert.equal((await build(t, first)).digest, digest, 'touched');

    const reversed = Object.fromEntries(Object.entries(SERVICE).toReversed());
    const second = writeFiles(temporaryDirectory(t), reversed);
    for (const [file, mode] of Object.entries({ src: 0o700, 'src/main.js': 0o600, 'package.json': 0o600 })) {
      chmodSync(path.join(second, file), mode);
    }
    assert.equal((await build(t, second)).digest, digest, 'elsewhere, by somebody careful');

    const before = process.umask(0o077);
    const careful = await build(t, first).finally(() => process.umask(before));
    assert.equal(careful.digest, digest, 'umask');
  });

  it('is this one, whatever versions of Node.js and of libraries built it', async (t) => {
    const { digest } = await build(t, service(t));
    assert.equal(digest, 'sha256:bf49d7b29bcb7ac31d7df14ea65775bf3aa5c949c3f3fecbb8dc14578eb2746d');
  });

  const differences: Readonly<Record<string, Partial<BuildOptions>>> = {
    time: { epoch: 1 },
    platform: { platform: 'linux/arm64' },
    environment: { environment: { A: 'b' } },
    labels: { labels: { a: 'b' } },
    port: { port: 8080 },
    user: { user: '1000' },
    version: { version: '2.0.0' },
    source: { source: 'https://example.com/shop' },
    revision: { revision: 'abc' },
    entrypoint: { entrypoint: ['node', 'src/prices.js'] },
  };
  for (const [what, change] of Object.entries(differences)) {
    it(`is another one with another ${what}`, async (t) => {
      const directory = service(t);
      assert.notEqual((await build(t, directory)).digest, (await build(t, directory, change)).digest);
    });
  }

  it('is another one when a file is another, or may be run', async (t) => {
    const { digest } = await build(t, service(t));
    assert.notEqual(
      (await build(t, service(t, { 'src/prices.js': 'export const price = 13;\n' }))).digest,
      digest,
    );
    const directory = service(t);
    chmodSync(path.join(directory, 'src/main.js'), 0o755);
    assert.notEqual((await build(t, directory)).digest, digest);
  });
});

describe('an image', () => {
  it('has what the service is, says how it is started, and no more', async (t) => {
    const directory = service(t, { 'assets/logo.svg': '<svg/>', 'src/link.js': { link: 'main.js' } });
    const { root, files, config } = await unpacked(t, directory, {
      port: 8080,
      environment: { COLOR: 'red' },
    });
    assert.deepEqual(files, [
      'app/assets/logo.svg',
      'app/package.json',
      'app/src/main.js',
      'app/src/prices.js',
    ]);
    for (const file of files) {
      assert.equal(
        readFileSync(path.join(root, file), 'utf8'),
        readFileSync(path.join(directory, file.slice(4)), 'utf8'),
      );
    }
    assert.equal(readFileSync(path.join(root, 'app/src/link.js'), 'utf8'), SERVICE['src/main.js']);
    assert.deepEqual(config?.Entrypoint, ['/usr/local/bin/node', '/app/src/main.js']);
    assert.deepEqual(config?.ExposedPorts, { '8080/tcp': {} });
    assert.deepEqual(config?.Env?.slice(0, 2), ['COLOR=red', 'NODE_ENV=production']);
    assert.equal(config?.WorkingDir, '/app');
    assert.equal(config?.User, '65532');
    assert.equal(config?.Labels?.['org.canary-rollout.app'], '/app');
  });

  it('says when, of what and by which commit it was made, and why each layer is there', async (t) => {
    const options = { epoch: 86_400, source: 'https://example.com/shop', revision: 'abc', tag: 'new' };
    const { digest, repository, size, layers } = await build(t, service(t), options);
    const { manifest, config } = await inspectImage(repository, digest, 'linux/amd64');
    assert.deepEqual(manifest.annotations, {
      'org.canary-rollout.app': '/app',
      'org.opencontainers.image.created': '1970-01-02T00:00:00.000Z',
      'org.opencontainers.image.revision': 'abc',
      'org.opencontainers.image.source': 'https://example.com/shop',
      'org.opencontainers.image.version': '1.0.0',
    });
    assert.deepEqual(config.history, [
      { created: '1970-01-02T00:00:00.000Z', created_by: 'canary build: app' },
    ]);
    assert.equal(await repository.resolve('new'), digest);
    assert.deepEqual(
      layers.map(({ kind }) => kind),
      ['app'],
    );
    assert.ok(size > (layers[0]?.size ?? 0));
  });

  it('has neither tests nor secrets nor history in it', async (t) => {
    const directory = service(t, {
      '.git/config': '',
      '.canary/state.db': '',
      '.env': 'KEY=1',
      '.npmrc': '//example.com/:_authToken=1',
      'src/main.test.js': '',
      'src/deep/.env.local': '',
      'docs/manual.md': '',
      'docs/kept.md': '',
      '.dockerignore': 'docs\n!docs/kept.md\n!.git\n',
    });
    const { files } = await unpacked(t, directory);
    assert.deepEqual(files, ['app/docs/kept.md', 'app/package.json', 'app/src/main.js', 'app/src/prices.js']);
  });

  it('of podinfo runs from its own files', async (t) => {
    const { root, config } = await unpacked(t, PODINFO);
    assert.deepEqual(config?.Entrypoint, ['/usr/local/bin/node', '/app/src/main.ts']);
    const [, main = ''] = config?.Entrypoint ?? [];
    const started = spawnSync(process.execPath, [path.join(root, main)], {
      env: { PORT: 'none' },
      encoding: 'utf8',
    });
    assert.match(started.stdout + started.stderr, /PORT/, 'it got as far as to read its configuration');
    assert.equal(existsSync(path.join(root, 'app/src/testing')), false);
  });
});

describe('what cannot be built', () => {
  const start = (line: string): Files => ({ 'package.json': JSON.stringify({ scripts: { start: line } }) });
  const refused: Readonly<Record<string, readonly [Files, RegExp, Partial<BuildOptions>?]>> = {
    'a service that needs a shell': [start('FOO=1 node src/main.js && true'), /say how it is started/],
    'a service whose program is not there': [start('node dist/main.js'), /does not go into the image/],
    'a service that does not say how it is started': [{ 'package.json': '{}' }, /no start script/],
    'a package.json that is none': [{ 'package.json': '{' }, /package\.json cannot be used/],
    'a link out of the directory': [{ 'src/out': { link: '../../elsewhere' } }, /outside of what goes/],
    'an absolute link': [{ 'src/out': { link: '/etc/passwd' } }, /outside of what goes/],
    'a link that leaves through another one': [
      { 'a/b/c/x': '', up: { link: 'a/b' }, out: { link: 'up/../../../elsewhere' } },
      /outside of what goes/,
    ],
    'a time before all times': [{}, /whole seconds/, { epoch: -1 }],
    'a time that archives cannot have': [{}, /whole seconds/, { epoch: 2 ** 31 }],
    'Node.js without the library it needs': [{}, /give a base/, { node: process.execPath }],
    'a Node.js that does not run there': [
      {},
      /is not a program for linux\/amd64/,
      { node: fileURLToPath(import.meta.url), base: { kind: 'rootfs', path: import.meta.dirname } },
    ],
    'a base that is not there': [
      {},
      /no root file system/,
      { base: { kind: 'rootfs', path: '/nowhere/at/all' } },
    ],
  };
  for (const [what, [files, says, changes]] of Object.entries(refused)) {
    it(`is ${what}`, async (t) => {
      await assert.rejects(build(t, service(t, files), changes), refusal('UNBUILDABLE', says));
    });
  }

  it('is a pipe among the files', { skip: process.platform === 'win32' && 'there are none' }, async (t) => {
    const directory = service(t);
    assert.equal(spawnSync('mkfifo', [path.join(directory, 'pipe')]).status, 0);
    await assert.rejects(build(t, directory), refusal('UNBUILDABLE', /neither file, directory nor link/));
  });

  it('is not stored in part when it is told to stop', async (t) => {
    const repository = emptyRepository(t);
    const surroundings = { scratch: temporaryDirectory(t), signal: AbortSignal.abort() };
    await assert.rejects(buildImage(buildOptions(service(t)), repository, surroundings), {
      name: 'AbortError',
    });
    assert.equal(existsSync(repository.directory), false);
    assert.deepEqual(readdirSync(surroundings.scratch), []);
  });
});

describe('a base', () => {
  it('that is an image keeps its layers, its variables and its Node.js', async (t) => {
    const base = emptyRepository(t);
    const below = await archive({ name: 'etc/os-release', content: 'ID=test' });
    const digest = await storeArchives(base, [below]);
    const {
      digest: built,
      repository,
      layers,
    } = await build(t, service(t), {
      base: { kind: 'image', repository: base, digest },
    });
    const original = await inspectImage(base, digest);
    assert.deepEqual(
      layers.map(({ kind }) => kind),
      ['base', 'app'],
    );
    assert.equal(layers[0]?.digest, original.manifest.layers[0]?.digest);
    const { root, config } = await unpackImage(repository, built, {
      directory: temporaryDirectory(t),
      platform: null,
    });
    assert.equal(readFileSync(path.join(root, 'etc/os-release'), 'utf8'), 'ID=test');
    assert.equal(readFileSync(path.join(root, 'app/src/main.js'), 'utf8'), SERVICE['src/main.js']);
    assert.equal(config.history?.length, 2);
  });

  it('must be for the same platform', async (t) => {
    const base = emptyRepository(t);
    const digest = await storeArchives(base, [await archive({ name: 'a' })], { architecture: 'arm64' });
    const onto = build(t, service(t), { base: { kind: 'image', repository: base, digest } });
    await assert.rejects(onto, refusal('WRONG_PLATFORM'));
  });

  it('may be a root file system, as a directory or in an archive, and comes to the same files', async (t) => {
    const place = writeFiles(temporaryDirectory(t), {
      'etc/os-release': 'ID=test',
      'tmp/nothing': '',
      'var/run': { link: '../run' },
    });
    const fromDirectory = await unpacked(t, service(t), { base: { kind: 'rootfs', path: place } });
    const file = path.join(temporaryDirectory(t), 'rootfs.tar.gz');
    const bytes = await archive(
      { name: './', type: 'directory' },
      { name: './var/run', type: 'symlink', linkname: '/run' },
      { name: './tmp/nothing' },
      { name: './etc/os-release', content: 'ID=test' },
    );
    writeFileSync(file, gzipSync(bytes));
    const fromArchive = await unpacked(t, service(t), { base: { kind: 'rootfs', path: file } });
    assert.deepEqual(fromArchive.files, fromDirectory.files);
    assert.ok(fromArchive.files.includes('etc/os-release'));
    const hostile = path.join(temporaryDirectory(t), 'rootfs.tar');
    writeFileSync(hostile, await archive({ name: '../outside' }));
    const onto = build(t, service(t), { base: { kind: 'rootfs', path: hostile } });
    await assert.rejects(onto, refusal('UNSAFE_LAYER'));
  });
});
