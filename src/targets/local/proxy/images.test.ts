import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { systemClock } from '../../../clock/system-clock.ts';
import { proxyPaths } from '../paths.ts';
import { knownImages } from './images.ts';
import { imageRelease, unpackedInto } from './testing/image.ts';
import { directory } from './testing/service.ts';

const RELEASES = ['1.0.0', '1.1.0', '1.2.0'].map((name) => imageRelease(name));
const HOUR = 60 * 60_000;

function rig(t: TestContext) {
  const paths = proxyPaths(directory(t));
  const all = RELEASES.map((release) => ({
    digest: release.digest,
    image: unpackedInto(paths.images, release),
  }));
  const [first, second, third] = all;
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  return { paths, first, second, third, now: systemClock().now() };
}

describe('the images of the releases that are kept', () => {
  it('stay, and all others are removed with what their processes wrote', async (t) => {
    const { paths, first, second, now } = rig(t);
    const homes = [first, second].map(({ digest }) => path.join(paths.homes, digest.slice(7), '0/tmp'));
    for (const home of homes) mkdirSync(home, { recursive: true });
    chmodSync(path.join(second.image.directory, 'app'), 0o500);
    const images = knownImages(paths, [first, second]);
    await images.keepOnly(new Set([first.digest]), now);
    assert.deepEqual([images.findFiles(first.digest), images.findFiles(second.digest)], [first.image, null]);
    assert.deepEqual(images.record(), [first]);
    assert.deepEqual([existsSync(first.image.directory), existsSync(second.image.directory)], [true, false]);
    assert.deepEqual(homes.map(existsSync), [true, false]);
    assert.deepEqual(
      readdirSync(paths.images).filter((name) => name.endsWith('.removed')),
      [],
    );
  });

  it('are kept under another name when they were changed, unless they came anew since', async (t) => {
    const { paths, first, second, now } = rig(t);
    const images = knownImages(paths, [first, second]);
    for (const { digest } of [first, second]) images.distrust(digest);
    images.add(second);
    await images.keepOnly(new Set(RELEASES.slice(2).map(({ digest }) => digest)), now);
    const names = [`${first.digest.slice(7)}.changed-1`, RELEASES[2]?.digest.slice(7)];
    assert.deepEqual(new Set(readdirSync(paths.images)), new Set(names));
  });

  it('leave alone what may just be unpacked, until it is old', async (t) => {
    const { paths, first, third, now } = rig(t);
    const images = knownImages(paths, [first]);
    await images.keepOnly(new Set([first.digest]), now);
    assert.ok(existsSync(third.image.directory));
    utimesSync(path.dirname(third.image.directory), now / 1_000, (now - 2 * HOUR) / 1_000);
    await images.keepOnly(new Set([first.digest]), now);
    assert.ok(!existsSync(third.image.directory));
    assert.ok(existsSync(first.image.directory));
  });

  it('are cleared away at last when that was cut short', async (t) => {
    const { paths, first, second, now } = rig(t);
    const place = path.dirname(second.image.directory);
    renameSync(place, `${place}.${now - 5}.removed`);
    mkdirSync(path.join(paths.images, 'unfinished'));
    await knownImages(paths, [first]).keepOnly(new Set(RELEASES.map(({ digest }) => digest)), now);
    const names = [...RELEASES.map(({ digest }) => digest.slice(7)), 'unfinished'];
    assert.deepEqual(
      readdirSync(paths.images).toSorted(),
      names.filter((name) => name !== path.basename(place)).toSorted(),
    );
  });

  it('stay also when they are old', async (t) => {
    const { paths, first, now } = rig(t);
    await knownImages(paths, [first]).keepOnly(new Set([first.digest]), now + 2 * HOUR);
    assert.deepEqual(readdirSync(paths.images), [first.digest.slice(7)]);
  });

  it('that cannot be removed, or are gone already, are no reason to fall over', async (t) => {
    const { paths, first, second, now } = rig(t);
    rmSync(second.image.directory, { recursive: true });
    await knownImages(paths, [first, second]).keepOnly(new Set([first.digest]), now);
    writeFileSync(paths.homes, '');
    await knownImages(paths, [first]).keepOnly(new Set(), now);
    assert.ok(existsSync(first.image.directory));
  });
});
