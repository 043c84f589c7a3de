import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { imageRelease, recorded, unpackedInto } from './testing/image.ts';
import { directory } from './testing/service.ts';
import { flawOfTree } from './tree.ts';

/** A tree with a program, data and a link. */
function tree(t: TestContext) {
  const files = { 'app/main.mjs': 'first', 'app/data/list.txt': 'a'.repeat(300_000), 'etc/hosts': '' };
  const image = unpackedInto(directory(t), imageRelease(), files);
  symlinkSync('main.mjs', path.join(image.directory, 'app/link'));
  const written = recorded(image);
  return { image: written, at: (name: string) => path.join(written.directory, name) };
}

type Tree = ReturnType<typeof tree>;

/** What somebody may do to a tree, and what is said of it. */
const CHANGES: readonly (readonly [string, (tree: Tree) => void, RegExp])[] = [
  [
    'other content of the same length',
    ({ at }) => writeFileSync(at('app/main.mjs'), 'fIrst'),
    /main\.mjs was changed/,
  ],
  ['more content', ({ at }) => appendFileSync(at('app/data/list.txt'), 'b'), /list\.txt was changed/],
  ['other permissions', ({ at }) => chmodSync(at('app/main.mjs'), 0o755), /main\.mjs was changed/],
  ['a directory for everybody', ({ at }) => chmodSync(at('app'), 0o777), /app was changed/],
  ['a file more', ({ at }) => writeFileSync(at('app/more.mjs'), ''), /app\/more\.mjs was added/],
  ['a file less', ({ at }) => rmSync(at('etc/hosts')), /etc\/hosts is gone/],
  ['a link in place of a file', replaceByLink, /main\.mjs was changed/],
  ['a link elsewhere', relink, /app\/link was changed/],
  ['a link in place of a directory', replaceDirectory, /app\/data was changed/],
  ['nothing at all', ({ image }) => rmSync(image.directory, { recursive: true }), /rootfs is gone/],
  ['a changed list', ({ image }) => appendFileSync(image.record, '\n'), /list of its files, .* was changed/],
  ['no list', ({ image }) => rmSync(image.record), /list of its files, .* is gone/],
];

function replaceByLink({ at }: Tree): void {
  renameSync(at('app/main.mjs'), at('../elsewhere'));
  symlinkSync('../../elsewhere', at('app/main.mjs'));
}

function relink({ at }: Tree): void {
  rmSync(at('app/link'));
  symlinkSync('/etc/passwd', at('app/link'));
}

function replaceDirectory({ at }: Tree): void {
  renameSync(at('app/data'), at('../data'));
  symlinkSync('../../data', at('app/data'));
}

describe('an unpacked image', () => {
  it('is as it was written when nobody touched it', async (t) => {
    const { image, at } = tree(t);
    mkdirSync(at('../beside'));
    assert.equal(await flawOfTree(image), null);
  });

  for (const [change, make, said] of CHANGES) {
    it(`is found out to have ${change}`, async (t) => {
      const changed = tree(t);
      make(changed);
      assert.match((await flawOfTree(changed.image)) ?? '', said);
    });
  }

  it('with a list of its own in place of the one that was written is found out', async (t) => {
    const { image, at } = tree(t);
    writeFileSync(at('app/main.mjs'), 'other');
    recorded(image);
    assert.match((await flawOfTree(image)) ?? '', /list of its files/);
  });
});
