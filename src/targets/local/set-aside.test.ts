import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { clear } from './clear.ts';
import { directory } from './proxy/testing/service.ts';
import { setAside } from './set-aside.ts';

const DIGESTS = ['a', 'b'].map((letter) => letter.repeat(64));

/** An image's place with one file. */
function place(images: string, digest: string, content: string): string {
  const made = path.join(images, digest);
  mkdirSync(path.join(made, 'rootfs'), { recursive: true });
  writeFileSync(path.join(made, 'rootfs/main.mjs'), content);
  return made;
}

describe('an image that was changed', () => {
  it('is kept under another name, the last few of them', async (t) => {
    const images = directory(t);
    for (let round = 1; round <= 5; round += 1) {
      await setAside(place(images, DIGESTS[round % 2] ?? '', `change ${round}`));
    }
    const kept = readdirSync(images).toSorted((a, b) => Number(a.at(-1)) - Number(b.at(-1)));
    assert.deepEqual(
      kept.map((name) => name.replace(/^(.)\1+/, '$1')),
      ['b.changed-3', 'a.changed-4', 'b.changed-5'],
    );
    const contents = kept.map((name) => readFileSync(path.join(images, name, 'rootfs/main.mjs'), 'utf8'));
    assert.deepEqual(contents, ['change 3', 'change 4', 'change 5']);
  });

  it('that is gone leaves nothing to keep', async (t) => {
    const images = directory(t);
    await setAside(path.join(images, DIGESTS[0] ?? ''));
    assert.deepEqual(readdirSync(images), []);
  });
});

describe('clearing away', () => {
  it('does not reach through links', async (t) => {
    const outside = directory(t);
    writeFileSync(path.join(outside, 'precious'), '');
    chmodSync(outside, 0o750);
    const link = path.join(directory(t), 'link');
    symlinkSync(outside, link);
    await clear(link);
    assert.equal(statSync(outside).mode & 0o777, 0o750);
    assert.deepEqual(readdirSync(outside), ['precious']);
    assert.deepEqual(readdirSync(path.dirname(link)), []);
  });
});
