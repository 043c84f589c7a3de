import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { buildImage, type Ingredients } from '../build/build-image.ts';
import { digestOf } from '../../oci/digest.ts';
import { type Files, SERVICE, temporaryDirectory, writeFiles } from '../testing/directories.ts';
import { buildOptions, emptyRepository } from '../testing/images.ts';
import { readCheckout } from './checkout.ts';

const PROGRAMS = { PATH: process.env['PATH'] };
const withoutGit = spawnSync('git', ['--version']).status === 0 ? false : 'git is not installed';

/** A git that knows nothing of who runs it. */
function git(directory: string, ...args: readonly string[]): string {
  const env = {
    ...PROGRAMS,
    GIT_CONFIG_GLOBAL: os.devNull,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'ann',
    GIT_AUTHOR_EMAIL: 'ann@example.com',
    GIT_COMMITTER_NAME: 'ann',
    GIT_COMMITTER_EMAIL: 'ann@example.com',
  };
  return execFileSync('git', ['-c', 'init.defaultBranch=main', ...args], {
    cwd: directory,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();
}

const FILES: Files = {
  ...SERVICE,
  'src/run.sh': '#!/bin/sh\n',
  'src/empty.js': '',
  'src/link.js': { link: 'main.js' },
  'src/main.test.js': 'stays out',
  '.gitignore': 'dist\n',
  'dist/compiled.js': 'made before\n',
};

/** A repository with one commit of a service. */
function committed(test: TestContext, format = 'sha1'): string {
  const directory = writeFiles(temporaryDirectory(test), FILES);
  git(directory, 'init', '--quiet', `--object-format=${format}`);
  chmodSync(path.join(directory, 'src/run.sh'), 0o755);
  git(directory, 'add', '.');
  git(directory, 'commit', '--quiet', '--message', 'first');
  return directory;
}

async function built(
  test: TestContext,
  directory: string,
): Promise<Ingredients & { readonly digest: string }> {
  const checkout = await readCheckout({ directory, environment: PROGRAMS });
  const { digest, ingredients } = await buildImage(buildOptions(directory), emptyRepository(test), {
    scratch: temporaryDirectory(test),
    checkout,
  });
  return { ...ingredients, digest };
}

describe('the source of an image', { skip: withoutGit }, () => {
  for (const format of ['sha1', 'sha256']) {
    it(`is the commit that all of its files are from, in a repository with ${format}`, async (t) => {
      const directory = committed(t, format);
      git(directory, 'remote', 'add', 'origin', 'https://ann:secret@example.com/acme/shop.git');
      const { source } = await built(t, directory);
      assert.deepEqual(source, {
        commit: git(directory, 'rev-parse', 'HEAD'),
        ref: 'refs/heads/main',
        repository: 'https://example.com/acme/shop',
        changed: [],
        generated: ['dist/compiled.js'],
      });
    });
  }

  it('is not known without git, without a commit, and where a repository does not have the directory', async (t) => {
    const directory = writeFiles(temporaryDirectory(t), SERVICE);
    assert.equal((await built(t, directory)).source, null);
    git(directory, 'init', '--quiet');
    assert.equal((await built(t, directory)).source, null);
    const other = writeFiles(path.join(committed(t), 'dist/other'), SERVICE);
    assert.equal((await built(t, other)).source, null);
    const place = { directory: committed(t), environment: { PATH: temporaryDirectory(t) } };
    assert.equal(await readCheckout(place), null);
  });

  const changes: Readonly<Record<string, (directory: string) => void>> = {
    'src/main.js': (directory) => writeFileSync(path.join(directory, 'src/main.js'), 'changed'),
    'src/prices.js': (directory) => rmSync(path.join(directory, 'src/prices.js')),
    'src/new.js': (directory) => writeFileSync(path.join(directory, 'src/new.js'), 'new'),
    'src/run.sh': (directory) => chmodSync(path.join(directory, 'src/run.sh'), 0o644),
    'src/link.js': (directory) => {
      rmSync(path.join(directory, 'src/link.js'));
      writeFiles(directory, { 'src/link.js': { link: 'prices.js' } });
    },
  };
  for (const [file, change] of Object.entries(changes)) {
    it(`is told with ${file} when that is not as it was committed`, async (t) => {
      const directory = committed(t);
      change(directory);
      assert.deepEqual((await built(t, directory)).source?.changed, [file]);
    });
  }

  it('is told as changed although git was told to assume that it is not', async (t) => {
    const directory = committed(t);
    git(directory, 'update-index', '--assume-unchanged', 'src/main.js');
    writeFileSync(path.join(directory, 'src/main.js'), 'changed');
    assert.equal(git(directory, 'status', '--porcelain'), '');
    assert.deepEqual((await built(t, directory)).source?.changed, ['src/main.js']);
  });

  it('does not change for files that stay out of the image', async (t) => {
    const directory = committed(t);
    writeFileSync(path.join(directory, 'src/main.test.js'), 'changed');
    writeFileSync(path.join(directory, '.env'), 'SECRET=1');
    assert.deepEqual((await built(t, directory)).source?.changed, []);
  });

  it('is that of a directory of a repository, by the paths from there', async (t) => {
    const around = temporaryDirectory(t);
    writeFiles(path.join(around, 'services/shop'), SERVICE);
    writeFiles(around, { 'README.md': 'the whole' });
    git(around, 'init', '--quiet');
    git(around, 'add', '.');
    git(around, 'commit', '--quiet', '--message', 'first');
    git(around, 'checkout', '--quiet', '--detach');
    const directory = path.join(around, 'services/shop');
    const { source } = await built(t, directory);
    assert.deepEqual([source?.changed, source?.ref, source?.repository], [[], null, null]);
    writeFileSync(path.join(directory, 'src/main.js'), 'changed');
    assert.deepEqual((await built(t, directory)).source?.changed, ['src/main.js']);
  });

  it('makes no difference to the digest of the image', async (t) => {
    const directory = committed(t);
    const clean = await built(t, directory);
    git(directory, 'commit', '--quiet', '--allow-empty', '--message', 'second');
    const second = await built(t, directory);
    rmSync(path.join(directory, '.git'), { recursive: true });
    const without = await built(t, directory);
    assert.notEqual(second.source?.commit, clean.source?.commit);
    assert.equal(without.source, null);
    assert.deepEqual([second.digest, without.digest], [clean.digest, clean.digest]);
  });

  it('is asked for without running anything that a repository names', async (t) => {
    const directory = committed(t);
    const proof = path.join(temporaryDirectory(t), 'ran');
    const program = path.join(temporaryDirectory(t), 'program');
    writeFileSync(program, `#!/bin/sh\necho "$0 $*" >> '${proof}'\ncat\n`, { mode: 0o755 });
    const settings = [
      ['core.fsmonitor', program],
      ['core.pager', program],
      ['pager.ls-tree', program],
      ['core.sshCommand', program],
      ['filter.any.clean', program],
      ['filter.any.smudge', program],
      ['filter.any.process', program],
      ['diff.external', program],
      ['diff.any.textconv', program],
      ['core.hooksPath', path.dirname(program)],
      ['core.alternateRefsCommand', program],
      ['credential.helper', program],
      ['alias.ls-tree', `!${program}`],
      ['remote.origin.url', `ext::${program}`],
      ['remote.origin.promisor', 'true'],
      ['protocol.ext.allow', 'always'],
      ['extensions.partialClone', 'origin'],
      ['core.repositoryFormatVersion', '1'],
    ] as const;
    writeFiles(directory, { '.git/info/attributes': '* filter=any diff=any\n' });
    for (const [name, value] of settings) git(directory, 'config', name, value);
    for (const hook of [
      'post-index-change',
      'post-checkout',
      'reference-transaction',
      'fsmonitor-watchman',
    ]) {
      writeFileSync(path.join(path.dirname(program), hook), `#!/bin/sh\necho ${hook} >> '${proof}'\n`, {
        mode: 0o755,
      });
    }
    writeFileSync(path.join(directory, 'src/main.js'), 'changed');
    rmSync(proof, { force: true });
    assert.deepEqual((await built(t, directory)).source?.changed, ['src/main.js']);
    assert.equal(existsSync(proof), false);
    const tree = git(directory, '-c', 'core.fsmonitor=', 'rev-parse', 'HEAD:src');
    rmSync(proof, { force: true });
    rmSync(path.join(directory, '.git/objects', tree.slice(0, 2), tree.slice(2)));
    assert.equal((await built(t, directory)).source, null, 'what is missing is not fetched');
    assert.equal(existsSync(proof), false);
    git(directory, 'status', '--porcelain');
    assert.equal(existsSync(proof), true, 'it would have been run');
  });

  it('has the lock file by the digest of its bytes', async (t) => {
    const directory = committed(t);
    assert.equal((await built(t, directory)).lock, null);
    const text = JSON.stringify({ lockfileVersion: 3, packages: { '': { name: 'shop' } } });
    writeFileSync(path.join(directory, 'package-lock.json'), text);
    const { lock, source } = await built(t, directory);
    assert.deepEqual(lock, { name: 'package-lock.json', digest: digestOf(text) });
    assert.deepEqual(source?.changed, ['package-lock.json']);
  });
});
