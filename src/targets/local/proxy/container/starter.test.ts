import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { ContainerSettings } from '../../settings.ts';
import type { Stored } from '../../unpacked.ts';
import { imageRelease } from '../testing/image.ts';
import { directory } from '../testing/service.ts';
import { containerStarter } from './starter.ts';

const RELEASE = imageRelease('1.0.0', { GREETING: 'hello' });
const OTHER = imageRelease('6.6.6').digest;
const [CONFIG, OTHER_CONFIG] = ['a', 'b'].map((digit) => `sha256:${digit.repeat(64)}`);
const SETTINGS: ContainerSettings = {
  in: 'container',
  engine: 'podman',
  globalOptions: [],
  options: [],
  memory: null,
  pids: null,
};
const IDENTITY = { pid: 4711, birth: '' };

/** A release with its image, and an engine that is this script; null for none. */
function rig(t: TestContext, script: string | null, engine: ContainerSettings['engine'] = 'podman') {
  const place = directory(t);
  const before = process.env['PATH'];
  t.after(() => {
    process.env['PATH'] = before;
  });
  if (script !== null) writeFileSync(path.join(place, engine), `#!/bin/sh\n${script}\n`, { mode: 0o700 });
  process.env['PATH'] = place;
  const image: Stored = {
    kind: 'layout',
    image: RELEASE.digest,
    config: CONFIG ?? '',
    directory: path.join(place, 'layout/canary-image'),
    user: '',
  };
  mkdirSync(image.directory, { recursive: true });
  const state: { image: Stored | null } = { image };
  const starter = containerStarter({
    release: RELEASE,
    berth: { settings: { ...SETTINGS, engine }, target: 'f00' },
    image: () => state.image,
    home: path.join(place, 'home'),
  });
  return { place, state, starter };
}

const answer = (manifest: string, config: string | undefined, running: boolean, pid: number = process.pid) =>
  `echo ${manifest} ${config?.replace('sha256:', '')} ${running} ${pid}`;

/** Higher than any process's number on Linux. */
const NO_PROCESS = 2 ** 22 + 1;

describe('a container', () => {
  it('is not started without its image, nor without an engine', async (t) => {
    const { state, starter } = rig(t, null);
    await assert.rejects(
      starter.prepare(),
      /^ImageRefused: podman, which runs containers, was not found: install it/,
    );
    state.image = null;
    await assert.rejects(starter.prepare(), /^ImageDamaged: its image is not stored on this machine/);
    await assert.rejects(starter.program(4000), /^ImageDamaged: its image is not stored on this machine/);
  });

  it('is not started when the image is gone from where the engine takes it', async (t) => {
    const { place, starter } = rig(t, '[ $1 = image ] && exit 1; echo beef');
    rmSync(path.join(place, 'layout'), { recursive: true });
    await assert.rejects(starter.prepare(), /^ImageDamaged: its image is not in .*canary-image any more/);
  });

  it('is not started when what the engine took in is not the image', async (t) => {
    const { starter } = rig(t, 'case $1 in image) exit 1;; pull) echo beef;; esac');
    await assert.rejects(starter.prepare(), /^ImageRefused: podman took in "beef", which is not sha256:/);
  });

  it('tells what the engine said when it fails', async (t) => {
    const { starter } = rig(t, 'echo no room >&2; exit 125');
    await assert.rejects(starter.prepare(), /`podman image exists .*` ended with 125: no room/);
    await assert.rejects(starter.look(IDENTITY, 4000, 0), /ended with 125: no room/);
  });

  it('has its variables in a file for its owner only', async (t) => {
    const { place, starter } = rig(t, 'exit 0');
    await starter.prepare();
    const { command, env } = await starter.program(4000);
    const file = path.join(place, 'home/variables');
    assert.ok(command.includes(`--env-file=${file}`));
    assert.deepEqual(env, {});
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(readFileSync(file, 'utf8').split('\n'), [
      'HOST=0.0.0.0',
      'GREETING=hello',
      'CANARY_RELEASE=1.0.0',
      `CANARY_DIGEST=${RELEASE.digest}`,
      'PORT=4000',
      '',
    ]);
  });

  for (const [what, said, seen] of [
    ['the image that was asked for', answer(RELEASE.digest, CONFIG, true), RELEASE.digest],
    ['the image under another of its digests', answer(OTHER, CONFIG, true), RELEASE.digest],
    ['another image', answer(OTHER, OTHER_CONFIG, true), OTHER],
    [
      'another image under the same digest',
      answer(RELEASE.digest, OTHER_CONFIG, true),
      `an image with the ID ${OTHER_CONFIG}`,
    ],
  ] as const) {
    it(`is read back as ${what}`, async (t) => {
      const { starter } = rig(t, said);
      assert.equal(starter.digestOf(IDENTITY), null);
      assert.equal(await starter.look(IDENTITY, 4000, 0), 'there');
      assert.equal(starter.digestOf(IDENTITY), seen);
      assert.equal(starter.digestOf({ ...IDENTITY, pid: 4712 }), null);
    });
  }

  for (const [what, id, seen] of [
    ['the image that was asked for, by its configuration', CONFIG, RELEASE.digest],
    ['the image that was asked for, by its manifest', RELEASE.digest, RELEASE.digest],
    ['another image', OTHER_CONFIG, `an image with the ID ${OTHER_CONFIG}`],
  ] as const) {
    it(`of docker's is read back as ${what}`, async (t) => {
      const { starter } = rig(t, `echo - ${id} true -`, 'docker');
      assert.equal(await starter.look(IDENTITY, 4000, 0), 'there');
      assert.equal(starter.digestOf(IDENTITY), seen);
    });
  }

  for (const script of [
    `echo - ${CONFIG} false -`,
    'echo "Error response from daemon: No such container: canary-f00" >&2; exit 1',
  ]) {
    it(`of docker's is seen to be gone: ${script}`, async (t) => {
      const { starter } = rig(t, script, 'docker');
      assert.equal(await starter.look(IDENTITY, 4000, 0), 'gone');
    });
  }

  it("of docker's is not taken to be gone when its daemon cannot be asked", async (t) => {
    const { starter } = rig(t, 'echo "Cannot connect to the Docker daemon" >&2; exit 1', 'docker');
    await assert.rejects(starter.look(IDENTITY, 4000, 0), /ended with 1: Cannot connect/);
  });

  it('is looked at every 2 s, and seen to be gone when it stopped or nobody knows it', async (t) => {
    const { place, starter } = rig(t, answer(RELEASE.digest, CONFIG, true));
    assert.equal(await starter.look(IDENTITY, 4000, 0), 'there');
    for (const script of [
      answer(RELEASE.digest, CONFIG, false),
      answer(RELEASE.digest, CONFIG, true, NO_PROCESS),
      'echo "Error: no such container canary-f00" >&2; exit 125',
    ]) {
      writeFileSync(path.join(place, 'podman'), `#!/bin/sh\n${script}\n`);
      assert.equal(await starter.look(IDENTITY, 4000, 1_999), 'there');
      assert.equal(await starter.look(IDENTITY, 4000, 2_000), 'gone');
    }
  });
});
