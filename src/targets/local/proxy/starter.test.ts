import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { z } from 'zod';
import type { Unpacked } from '../unpacked.ts';
import { keepInstance } from './instance.ts';
import { imageStarter } from './starter.ts';
import { imageRelease, recorded, unpackedInto } from './testing/image.ts';
import { directory, RUN, workUntil } from './testing/service.ts';

const RELEASE = imageRelease('1.0.0', { GREETING: 'hello' });
const told = z.object({
  env: z.record(z.string(), z.string()),
  cwd: z.string(),
  argv: z.array(z.string()),
});

/** An instance of the release, with an image that a test may change at any time. */
function rig(t: TestContext, changes: Partial<Unpacked> = {}) {
  const place = directory(t);
  const images = path.join(place, 'images');
  const state = { image: { ...unpackedInto(images, RELEASE), ...changes }, damages: 0 };
  const make = (adopted: Parameters<typeof keepInstance>[0]['adopted']) => {
    const { platform, arch: architecture, execPath: node } = process;
    const made = keepInstance({
      number: 0,
      release: RELEASE,
      run: RUN,
      starter: imageStarter({
        variables: RELEASE.artifact.env,
        image: () => state.image,
        onDamage: () => void (state.damages += 1),
        home: path.join(place, 'home'),
        machine: { node, platform, architecture },
      }),
      log: path.join(place, 'service.log'),
      adopted,
      onChange: () => {},
    });
    t.after(() => made.stop());
    return made;
  };
  const instance = make(null);
  const up = () => workUntil(instance.tend, () => instance.upstream() !== null);
  return { images, state, instance, make, up, place };
}

async function askWhatItSees(port: number | undefined): Promise<z.infer<typeof told>> {
  const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
  return told.parse(await answer.json());
}

describe('a process of an image', () => {
  it('runs the files that were unpacked, and sees nothing of the environment around it', async (t) => {
    const secrets = ['NODE_OPTIONS', 'NODE_PATH', 'LD_LIBRARY_PATH', 'AWS_SECRET_ACCESS_KEY'];
    const before = { ...process.env };
    for (const name of secrets) process.env[name] = name === 'NODE_OPTIONS' ? '--no-warnings' : '/nowhere';
    t.after(() => {
      for (const name of secrets)
        if (before[name] === undefined) delete process.env[name];
        else process.env[name] = before[name];
    });
    const { state, instance, up, place } = rig(t, { env: { LANG: 'C', HOST: '0.0.0.0' } });
    await up();
    const port = instance.record()?.port;
    const { env, cwd, argv } = await askWhatItSees(port);
    const app = path.join(state.image.directory, 'app');
    assert.deepEqual([cwd, argv], [app, [process.execPath, path.join(app, 'main.mjs')].slice(1)]);
    assert.deepEqual(env, {
      CANARY_DIGEST: RELEASE.digest,
      CANARY_RELEASE: '1.0.0',
      GREETING: 'hello',
      HOME: path.join(place, 'home'),
      HOST: '127.0.0.1',
      LANG: 'C',
      PATH: `${path.dirname(process.execPath)}:/usr/bin:/bin`,
      PORT: String(port),
      TMPDIR: path.join(place, 'home/tmp'),
    });
  });

  it('is read back as that image', async (t) => {
    const { instance, up } = rig(t);
    assert.equal(instance.digest(), null);
    await up();
    assert.equal(instance.digest(), RELEASE.digest);
  });

  it('is not started when a file was changed', async (t) => {
    const { state, instance } = rig(t);
    writeFileSync(path.join(state.image.directory, 'app/main.mjs'), 'process.exit(0)');
    await workUntil(instance.tend, () => instance.hasFailed());
    assert.equal(
      instance.trouble(),
      'cannot be started: its image was changed since it was unpacked: app/main.mjs was changed',
    );
    assert.equal(instance.digest(), null);
    assert.match(instance.damage() ?? '', /app\/main\.mjs was changed/);
    assert.ok(state.damages > 0);
  });

  it('is not started again when a file was changed since it was', async (t) => {
    const { state, instance, up } = rig(t);
    await up();
    writeFileSync(path.join(state.image.directory, 'app/more.mjs'), '');
    process.kill(instance.record()?.identity.pid ?? 0, 'SIGKILL');
    await workUntil(instance.tend, () => instance.hasFailed());
    assert.match(instance.trouble() ?? '', /app\/more\.mjs was added/);
  });

  it('is started at once when its files came anew, and only then', async (t) => {
    const { images, state, instance } = rig(t);
    writeFileSync(path.join(state.image.directory, 'app/main.mjs'), 'process.exit(0)');
    await workUntil(instance.tend, () => state.damages === 3);
    const at = 1e6;
    instance.tend(at);
    await workUntil(
      () => {},
      () => state.damages === 4,
    );
    instance.tend(at + 100);
    assert.equal(instance.hasFailed(), true, 'it waits, as it was tried often');
    unpackedInto(images, RELEASE);
    instance.tryAnew();
    assert.deepEqual([instance.hasFailed(), instance.damage()], [false, null]);
    await workUntil(
      () => instance.tend(at + 200),
      () => instance.record() !== null,
    );
    assert.equal(instance.trouble(), 'was not checked yet');
  });

  it('takes no traffic when its directory is of another image, and is read back as that', async (t) => {
    const other = imageRelease('6.6.6');
    const { images, state, instance } = rig(t);
    state.image = unpackedInto(images, other);
    await workUntil(instance.tend, () => instance.trouble()?.startsWith('it is sha256') === true);
    assert.deepEqual([instance.digest(), instance.upstream()], [other.digest, null]);
  });
});

describe('a process that runs from a directory', { skip: process.platform !== 'linux' }, () => {
  it('which is swapped for another one is no longer the image, and stays so for the next proxy', async (t) => {
    const { state, instance, make, up } = rig(t);
    await up();
    const { directory: root } = state.image;
    renameSync(root, `${root}-moved`);
    state.image = recorded(unpackedInto(path.dirname(path.dirname(root)), RELEASE));
    const seen = `something in ${root}-moved/app`;
    assert.equal(instance.digest(), seen);
    assert.equal(make(instance.record()).digest(), seen);
  });

  it('is the image again for a proxy that takes it over', async (t) => {
    const { instance, make, up } = rig(t);
    await up();
    const adopted = make(instance.record());
    assert.equal(adopted.digest(), RELEASE.digest);
    assert.notEqual(adopted.upstream(), null);
  });

  it('and has just ended is not taken for something else', async (t) => {
    const { instance, up } = rig(t);
    await up();
    process.kill(instance.record()?.identity.pid ?? 0, 'SIGKILL');
    await workUntil(
      () => {},
      () => {
        const digest = instance.digest();
        assert.ok(digest === null || digest === RELEASE.digest, digest ?? '');
        return digest === null;
      },
    );
  });
});
