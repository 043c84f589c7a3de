import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { temporaryDirectory, writeFiles, type Files } from '../testing/directories.ts';
import { refusal } from '../testing/images.ts';
import type { Platform } from '../platform.ts';
import { dependencyEntries } from './dependencies.ts';
import { findLock } from './lock-file.ts';
import { readService } from './service.ts';

const AMD64 = 'linux/amd64';

/** A package as it is installed. */
function installed(place: string, version: string, files: Files = {}): Files {
  const own = Object.entries(files).map(([file, content]) => [`${place}/${file}`, content]);
  return { [`${place}/package.json`]: JSON.stringify({ version }), ...Object.fromEntries(own) };
}

function lock(packages: object): Files {
  return { 'package-lock.json': JSON.stringify({ lockfileVersion: 3, packages }) };
}

interface Asked {
  readonly in?: string;
  readonly platform?: Platform;
}

async function filesOf(test: TestContext, files: Files, asked: Asked = {}): Promise<readonly string[]> {
  const root = writeFiles(temporaryDirectory(test), files);
  const service = await readService(path.join(root, asked.in ?? '.'));
  const entries = await dependencyEntries(
    { service, lock: await findLock(service.directory) },
    asked.platform ?? AMD64,
    'app',
  );
  return entries.filter(({ kind }) => kind === 'file').map((entry) => entry.path);
}

const WISHES_A = { 'package.json': JSON.stringify({ dependencies: { a: '1' } }) };

describe('the dependencies of a service', () => {
  it('are those for running, with what they need themselves', async (t) => {
    const files = {
      ...WISHES_A,
      ...lock({
        '': { dependencies: { a: '1' }, devDependencies: { t: '1' } },
        'node_modules/a': { version: '1.0.0', dependencies: { b: '2' }, peerDependencies: { missing: '1' } },
        'node_modules/a/node_modules/b': { version: '2.0.0' },
        'node_modules/b': { version: '1.0.0', dev: true },
        'node_modules/t': { version: '1.0.0', dev: true, dependencies: { b: '1' } },
      }),
      ...installed('node_modules/a', '1.0.0', { 'index.js': '', 'deep/node_modules/kept.js': '' }),
      ...installed('node_modules/a/node_modules/b', '2.0.0'),
      ...installed('node_modules/b', '1.0.0'),
      ...installed('node_modules/t', '1.0.0'),
      ...installed('node_modules/extraneous', '1.0.0'),
      'node_modules/.package-lock.json': '{}',
    };
    assert.deepEqual((await filesOf(t, files)).toSorted(), [
      'app/node_modules/a/deep/node_modules/kept.js',
      'app/node_modules/a/index.js',
      'app/node_modules/a/node_modules/b/package.json',
      'app/node_modules/a/package.json',
    ]);
  });

  it('are those for the platform of the image, not for this machine', async (t) => {
    const files = {
      ...WISHES_A,
      ...lock({
        '': { dependencies: { a: '1' } },
        'node_modules/a': {
          version: '1.0.0',
          optionalDependencies: { x: '1', arm: '1', mac: '1', musl: '1', extra: '1' },
        },
        'node_modules/x': { version: '1.0.0', optional: true, os: ['linux'], cpu: ['x64'] },
        'node_modules/arm': { version: '1.0.0', optional: true, os: ['!win32'], cpu: 'arm64' },
        'node_modules/mac': { version: '1.0.0', optional: true, os: 'darwin' },
        'node_modules/musl': { version: '1.0.0', optional: true, libc: ['musl'] },
        'node_modules/extra': { version: '1.0.0', optional: true },
      }),
      ...installed('node_modules/a', '1.0.0'),
      ...installed('node_modules/x', '1.0.0'),
      ...installed('node_modules/mac', '1.0.0'),
    };
    const forX64 = await filesOf(t, files);
    assert.deepEqual(forX64.toSorted(), [
      'app/node_modules/a/package.json',
      'app/node_modules/x/package.json',
    ]);
    const forArm = filesOf(t, files, { platform: 'linux/arm64' });
    await assert.rejects(forArm, refusal('UNBUILDABLE', /arm is not there.*--cpu=arm64/));
  });

  it('are found above a workspace, and go where the service finds them', async (t) => {
    const workspace = {
      'shop/package.json': JSON.stringify({ dependencies: { a: '1' } }),
      ...lock({
        '': { workspaces: ['shop'], dependencies: { other: '1' } },
        shop: { version: '1.0.0', dependencies: { a: '1', b: '1' } },
        'node_modules/shop': { link: true },
        'node_modules/a': { version: '1.0.0' },
        'node_modules/other': { version: '1.0.0' },
        'shop/node_modules/b': { version: '1.0.0' },
      }),
      ...installed('node_modules/a', '1.0.0'),
      ...installed('node_modules/other', '1.0.0'),
      ...installed('shop/node_modules/b', '1.0.0'),
    };
    assert.deepEqual((await filesOf(t, workspace, { in: 'shop' })).toSorted(), [
      'app/node_modules/a/package.json',
      'app/node_modules/b/package.json',
    ]);
  });

  const shop = (packages: object) => ({
    'shop/package.json': '{}',
    ...lock({ '': {}, ...packages }),
    ...installed('node_modules/a', '1.0.0'),
    ...installed('node_modules/b', '1.0.0'),
    ...installed('shop/node_modules/b', '2.0.0'),
  });
  const refused: Readonly<Record<string, readonly [Files, RegExp, Asked?]>> = {
    'one is another workspace': [
      shop({ shop: { dependencies: { lib: '1' } }, 'node_modules/lib': { link: true } }),
      /another workspace/,
      { in: 'shop' },
    ],
    'two versions would need the same place': [
      shop({
        shop: { dependencies: { a: '1', b: '2' } },
        'node_modules/a': { version: '1.0.0', dependencies: { b: '1' } },
        'node_modules/b': { version: '1.0.0' },
        'shop/node_modules/b': { version: '2.0.0' },
      }),
      /one place for them/,
      { in: 'shop' },
    ],
    'the lock file does not know one': [
      { ...WISHES_A, ...lock({ '': { dependencies: { a: '1' } } }) },
      /does not say where the service finds "a"/,
    ],
    'one is not installed': [
      { ...WISHES_A, ...lock({ '': { dependencies: { a: '1' } }, 'node_modules/a': { version: '1.0.0' } }) },
      /is not there/,
    ],
    'another version is installed': [
      {
        ...WISHES_A,
        ...lock({ '': { dependencies: { a: '1' } }, 'node_modules/a': { version: '1.0.0' } }),
        ...installed('node_modules/a', '1.0.1'),
      },
      /is version 1\.0\.1/,
    ],
    'nothing is installed at all': [WISHES_A, /no node_modules/],
    'the lock file is none': [
      { ...WISHES_A, 'package-lock.json': '{"lockfileVersion":1}' },
      /npm 7 or newer/,
    ],
  };
  for (const [what, [files, says, asked]] of Object.entries(refused)) {
    it(`cannot be told when ${what}`, async (t) => {
      await assert.rejects(filesOf(t, files, asked), refusal('UNBUILDABLE', says));
    });
  }

  it('are all there are without a lock file of npm', async (t) => {
    const files = {
      ...WISHES_A,
      ...installed('node_modules/.store/a', '1.0.0'),
      'node_modules/a': { link: '.store/a' },
      'node_modules/.bin/a': '',
      'node_modules/.cache/a': '',
    };
    assert.deepEqual(await filesOf(t, files), ['app/node_modules/.store/a/package.json']);
  });

  it('are none when the service has none', async (t) => {
    assert.deepEqual(await filesOf(t, { 'package.json': '{}' }), []);
  });
});
