import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Stored } from '../../unpacked.ts';
import { layoutIn } from '../testing/layout.ts';
import { directory } from '../testing/service.ts';
import type { Berth } from './command-lines.ts';
import { loadImage } from './image-store.ts';

const OTHER = `sha256:${'b'.repeat(64)}`;
const BERTH: Berth = {
  settings: { in: 'container', engine: 'docker', globalOptions: [], options: [], memory: null, pids: null },
  target: 'f00',
};
const ABSENT = 'echo "Error response from daemon: No such image: localhost/canary-f00:x" >&2; exit 1';

/** An image in a layout, and a `docker` whose store has it under this ID when it was loaded. */
function rig(t: TestContext, idOf: (stored: Stored) => string) {
  const place = directory(t);
  const { stored, blobs } = layoutIn(place, ['one layer']);
  const id = idOf(stored);
  const archive = path.join(place, 'archive');
  const answer = `test -e ${archive} || { ${ABSENT}; }; echo ${id}`;
  speak(`case $1 in image) ${answer};; load) /bin/cat >${archive}; echo "Loaded image";; esac`);
  const before = process.env['PATH'];
  t.after(() => {
    process.env['PATH'] = before;
  });
  process.env['PATH'] = place;

  function speak(script: string): void {
    writeFileSync(path.join(place, 'docker'), `#!/bin/sh\n${script}\n`, { mode: 0o700 });
  }
  return { stored, blobs, id, archive, speak };
}

describe("docker's store", () => {
  for (const [what, idOf] of [
    ['configuration', ({ config }: Stored) => config],
    ['manifest', ({ image }: Stored) => image],
  ] as const) {
    it(`is given an image once, and has it run by the digest of its ${what}`, async (t) => {
      const { stored, id, archive, speak } = rig(t, idOf);
      assert.equal(await loadImage(BERTH, stored), id);
      assert.match(readFileSync(archive, 'latin1'), /manifest\.json.*one layer/s);
      speak(`case $1 in image) echo ${id};; *) exit 70;; esac`);
      assert.equal(await loadImage(BERTH, stored), id);
    });
  }

  it('is given the image when it has another one under its name, and is not used when it keeps that', async (t) => {
    const { stored, archive } = rig(t, () => OTHER);
    writeFileSync(archive, '');
    await assert.rejects(
      loadImage(BERTH, stored),
      /^ImageRefused: docker took in "Loaded image", which is not sha256:/,
    );
    assert.notEqual(readFileSync(archive).length, 0);
  });

  it('is given nothing when the daemon cannot be asked', async (t) => {
    const { stored, archive, speak } = rig(t, () => OTHER);
    speak(
      `case $1 in image) echo "Cannot connect to the Docker daemon" >&2; exit 1;; load) >${archive};; esac`,
    );
    await assert.rejects(loadImage(BERTH, stored), /`docker image inspect .*` ended with 1: Cannot connect/);
    assert.ok(!existsSync(archive));
  });

  it('says why it did not take an image of which it read only a part', async (t) => {
    const { stored, speak } = rig(t, () => OTHER);
    speak(`case $1 in image) ${ABSENT};; load) echo "no room" >&2; exit 1;; esac`);
    await assert.rejects(loadImage(BERTH, stored), /`docker load --quiet` ended with 1: no room/);
  });

  it('is given no half of an image when a layer cannot be read', async (t) => {
    const { stored, blobs, archive } = rig(t, () => OTHER);
    const layer = path.join(stored.directory, Object.keys(blobs).at(-1) ?? '');
    rmSync(layer);
    mkdirSync(layer);
    await assert.rejects(loadImage(BERTH, stored), /EISDIR/);
    assert.ok(!existsSync(archive) || !readFileSync(archive, 'latin1').includes('one layer'));
  });
});
