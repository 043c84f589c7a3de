import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { home } from '../../src/core/traffic.ts';
import { localSite } from '../../src/targets/local/local-site.ts';
import { startLocal, stopLocal } from '../../src/targets/local/operations.ts';
import { proxyPaths } from '../../src/targets/local/paths.ts';
import { imageRelease, unpackedInto } from '../../src/targets/local/proxy/testing/image.ts';
import { setAside } from '../../src/targets/local/set-aside.ts';
import type { LocalSettings } from '../../src/targets/local/settings.ts';
import { troublesAt } from '../../src/targets/local/troubles.ts';
import { TargetError } from '../../src/targets/target.ts';
import type { BringRelease, ImageRelease, ImageSource, Unpacked } from '../../src/targets/local/unpacked.ts';
import { z } from 'zod';
import { targetContract } from '../contracts/target-contract.ts';
import { clock, freePort } from './project.ts';

const PROGRAM = `
import { createServer } from 'node:http';
createServer((_, answer) => answer.end(process.env.CANARY_RELEASE)).listen(process.env.PORT, process.env.HOST);
process.once('SIGTERM', () => process.exit(0));
`;

const [STABLE, CANDIDATE] = [imageRelease('1.0.0'), imageRelease('1.1.0')];
const SIGNAL = new AbortController().signal;

function settingsOf(directory: string, port: number): LocalSettings {
  return {
    directory,
    proxy: {
      listen: { host: '127.0.0.1', port },
      sticky: null,
      preview: { header: 'x-canary' },
      responseTimeout: 5_000,
    },
    run: {
      processes: 1,
      place: { in: 'process' },
      health: { path: '/', interval: 200, timeout: 1_000, failures: 3 },
      drain: 500,
      stop: 2_000,
    },
  };
}

const unpack: BringRelease<Unpacked> = async (release, images) =>
  unpackedInto(images, release, { 'app/main.mjs': PROGRAM });

const imagesBy = (unpackIt: ImageSource['unpack']): ImageSource => ({
  unpack: unpackIt,
  store: () => assert.fail('nothing here runs containers'),
});

targetContract('local, running images,', async () => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-target-'));
  const port = await freePort();
  const settings = settingsOf(directory, port);
  return {
    site: localSite(settings, clock, imagesBy(unpack)),
    isFenced: true,
    stable: STABLE,
    candidate: CANDIDATE,
    now: () => clock.now(),
    pass: (time) => clock.wait(time),
    async use(requests) {
      for (let sent = 0; sent < requests; sent += 1) {
        const answer = await fetch(`http://127.0.0.1:${port}/`);
        await answer.text();
      }
    },
    async close() {
      await stopLocal(settings);
      rmSync(directory, { recursive: true, force: true });
    },
  };
});

/** A target with the first release as stable. */
async function rig(t: TestContext, unpackIt: BringRelease<Unpacked> = unpack, processes: number = 1) {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-target-'));
  const usual = settingsOf(directory, await freePort());
  const settings = { ...usual, run: { ...usual.run, processes } };
  const source = imagesBy(unpackIt);
  const site = localSite(settings, clock, source);
  t.after(async () => {
    await stopLocal(settings);
    rmSync(directory, { recursive: true, force: true });
  });
  let revision = 0;
  const fence = () => ({ sequence: 1, revision: (revision += 1) });
  const find = async ({ digest }: ImageRelease) =>
    (await site.target.observe(SIGNAL)).running.find(({ release }) => release.digest === digest);
  const until = async (isSo: () => Promise<boolean>) => {
    for (let waited = 0; !(await isSo()); waited += 20) {
      assert.ok(waited < 10_000, `waited in vain for ${String(isSo)}`);
      await clock.wait(20);
    }
  };
  const up = async (release: ImageRelease) => {
    await site.target.prepare(release, fence(), SIGNAL);
    await until(async () => (await find(release))?.healthy === processes);
  };
  const { images } = proxyPaths(directory);
  const places = () => (existsSync(images) ? readdirSync(images) : []);
  const main = ({ digest }: ImageRelease) => path.join(images, digest.slice(7), 'rootfs/app/main.mjs');
  /** Kills as many processes of the release, and waits until that is seen. */
  const kill = async (release: ImageRelease, count: number) => {
    const before = (await find(release))?.healthy ?? 0;
    const { kept } = proxyState.parse(JSON.parse(readFileSync(proxyPaths(directory).state, 'utf8')));
    const instances = kept.find((each) => each.release.digest === release.digest)?.instances ?? [];
    for (const { identity } of instances.flatMap((each) => each ?? []).slice(0, count))
      process.kill(identity.pid, 'SIGKILL');
    await until(async () => {
      const running = await find(release);
      return running?.healthy === before - count && running.failed;
    });
  };
  /** Asks for it again and again, as the engine does, until it is so. */
  const mendUntil = (release: ImageRelease, isSo: () => Promise<boolean>) =>
    until(async () => {
      if (await isSo()) return true;
      await site.target.prepare(release, fence(), SIGNAL).catch(() => {});
      return false;
    });
  return { settings, source, site, mendUntil, fence, find, until, up, images, places, main, kill };
}

/** What of the proxy's state says which processes it keeps. */
const proxyState = z.object({
  kept: z.array(
    z.object({
      release: z.object({ digest: z.string() }),
      instances: z.array(z.object({ identity: z.object({ pid: z.int() }) }).nullable()),
    }),
  ),
});

/** Unpacks as the real one does when something else is in the image's place. */
const unpackAnew: BringRelease<Unpacked> = async (release, images, signal) => {
  await setAside(path.join(images, placeOf(release)));
  return unpack(release, images, signal);
};

const placeOf = ({ digest }: ImageRelease) => digest.slice('sha256:'.length);

describe('the local target', () => {
  it('removes an image when its processes are gone, and no sooner', async (t) => {
    const { site, fence, find, until, up, places } = await rig(t);
    await up(STABLE);
    await site.target.apply(home(STABLE), fence(), SIGNAL);
    await up(CANDIDATE);
    assert.deepEqual(places().toSorted(), [STABLE, CANDIDATE].map(placeOf).toSorted());
    await site.target.retire(CANDIDATE, fence(), SIGNAL);
    await until(async () => places().length === 1);
    assert.deepEqual(places(), [placeOf(STABLE)]);
    assert.equal((await find(STABLE))?.healthy, 1);
    await up(CANDIDATE);
    assert.equal((await find(CANDIDATE))?.digest, CANDIDATE.digest);
  });

  it('starts a stable image again after it was stopped, without a controller', async (t) => {
    const { settings, site, fence, up } = await rig(t);
    await up(STABLE);
    await site.target.apply(home(STABLE), fence(), SIGNAL);
    await up(CANDIDATE);
    await stopLocal(settings);
    const { stable, trouble, address } = await startLocal('here', settings, clock);
    assert.deepEqual([stable, trouble], ['1.0.0', null]);
    assert.equal(await (await fetch(`http://${address}/`)).text(), '1.0.0');
  });

  it('does not start a release whose image was changed, and says so', async (t) => {
    const { site, fence, find, until } = await rig(t, async (release, images) => {
      const unpacked = unpackedInto(images, release);
      writeFileSync(path.join(unpacked.directory, 'app/main.mjs'), PROGRAM);
      return unpacked;
    });
    await site.target.prepare(CANDIDATE, fence(), SIGNAL);
    await until(async () => (await find(CANDIDATE))?.failed === true);
    const running = await find(CANDIDATE);
    assert.match(running?.trouble ?? '', /changed since it was unpacked: app\/main\.mjs was changed/);
    assert.equal(running?.healthy, 0);
  });

  it('reports a digest that is not the one that was asked for', async (t) => {
    const { site, fence, find, until } = await rig(t, async (_, images) => unpackedInto(images, STABLE));
    await site.target.prepare(CANDIDATE, fence(), SIGNAL);
    await until(async () => (await find(CANDIDATE))?.digest === STABLE.digest);
    assert.equal((await find(CANDIDATE))?.healthy, 0);
  });

  it('has an image unpacked again that was removed before the proxy knew of it', async (t) => {
    let times = 0;
    const { site, fence, find, until } = await rig(t, async (release, images, signal) => {
      times += 1;
      const unpacked = await unpack(release, images, signal);
      if (times === 1) rmSync(unpacked.directory, { recursive: true });
      return unpacked;
    });
    const refusals: unknown[] = [];
    await until(async () => {
      const running = await find(CANDIDATE);
      if (running === undefined)
        await site.target.prepare(CANDIDATE, fence(), SIGNAL).catch((error: unknown) => refusals.push(error));
      return running?.healthy === 1;
    });
    assert.equal(times, 2);
    assert.match(String(refusals[0]), /the image of 1\.1\.0 is not at .*rootfs any more/);
  });

  it('tells at once that an image cannot be run, and forgets it when it is let go', async (t) => {
    const { site, fence, find, until } = await rig(t, async () => {
      throw new TargetError('refused', 'the image is for another platform');
    });
    await site.target.prepare(CANDIDATE, fence(), SIGNAL);
    await until(async () => (await find(CANDIDATE))?.failed === true);
    assert.equal((await find(CANDIDATE))?.trouble, 'the image is for another platform');
    await site.target.retire(CANDIDATE, fence(), SIGNAL);
    assert.equal(await find(CANDIDATE), undefined);
  });
});

describe('a stable image that was changed', () => {
  it('is told of while it loses its processes, left alone until the last is gone, and then brought anew', async (t) => {
    const { settings, site, mendUntil, fence, find, up, images, main, kill } = await rig(t, unpackAnew, 2);
    await up(STABLE);
    await site.target.apply(home(STABLE), fence(), SIGNAL);
    const before = statSync(main(STABLE)).ino;
    writeFileSync(main(STABLE), 'process.exit(0)');
    assert.deepEqual(await troublesAt('web', settings), []);
    await kill(STABLE, 1);

    const [trouble, ...others] = await troublesAt('web', settings);
    assert.deepEqual(
      [trouble?.target, trouble?.release, trouble?.healthy, trouble?.wanted, others.length],
      ['web', '1.0.0', 1, 2, 0],
    );
    assert.match(trouble?.trouble ?? '', /app\/main\.mjs was changed/);
    assert.match(trouble?.remedy ?? '', /its other processes go on as they are/);
    await site.target.prepare(STABLE, fence(), SIGNAL);
    await clock.wait(500);
    assert.equal(statSync(main(STABLE)).ino, before, 'nothing is done to the files of a process');
    assert.deepEqual([(await find(STABLE))?.digest, (await find(STABLE))?.healthy], [STABLE.digest, 1]);

    await kill(STABLE, 1);
    assert.match(
      (await troublesAt('web', settings))[0]?.remedy ?? '',
      /`canary up` brings it anew from registry/,
    );
    await mendUntil(STABLE, async () => (await find(STABLE))?.healthy === 2);
    assert.equal(readFileSync(main(STABLE), 'utf8'), PROGRAM);
    const kept = path.join(images, `${placeOf(STABLE)}.changed-1/rootfs/app/main.mjs`);
    assert.equal(readFileSync(kept, 'utf8'), 'process.exit(0)');
    assert.deepEqual(await troublesAt('web', settings), []);
  });

  it('stays down while it cannot be brought anew, says why, and comes back when it can', async (t) => {
    let outage: Error | null = null;
    const { settings, source, site, mendUntil, fence, find, up, main, kill } = await rig(t, (...about) =>
      outage === null ? unpackAnew(...about) : Promise.reject(outage),
    );
    await up(STABLE);
    await site.target.apply(home(STABLE), fence(), SIGNAL);
    outage = new Error('the registry does not answer');
    rmSync(path.dirname(main(STABLE)), { recursive: true });
    await kill(STABLE, 1);
    await mendUntil(STABLE, async () =>
      /the registry does not answer/.test((await find(STABLE))?.trouble ?? ''),
    );
    assert.match((await find(STABLE))?.trouble ?? '', /app is gone|app was changed|was changed since/);
    await assert.rejects(site.target.prepare(STABLE, fence(), SIGNAL), /the registry does not answer/);
    assert.equal((await find(STABLE))?.healthy, 0);

    outage = new TargetError('refused', 'a layer is not what its digest says');
    const started = await startLocal('web', settings, clock, source);
    assert.match(started.trouble ?? '', /could not be brought anew: a layer is not what its digest says/);
    assert.equal(existsSync(main(STABLE)), false);

    outage = null;
    assert.equal((await startLocal('web', settings, clock, source)).trouble, null);
    assert.equal((await find(STABLE))?.healthy, 1);
  });

  it('is not what a guard takes users to who are served by the candidate', async (t) => {
    const { settings, site, mendUntil, fence, up, main, kill } = await rig(t, unpackAnew);
    await up(STABLE);
    await site.target.apply(home(STABLE), fence(), SIGNAL);
    await up(CANDIDATE);
    await site.guard.arm(home(STABLE), clock.now() + 1_500, fence(), SIGNAL);
    await site.target.apply({ stable: STABLE, candidate: CANDIDATE, weight: 10 }, fence(), SIGNAL);
    writeFileSync(main(STABLE), 'process.exit(0)');
    await kill(STABLE, 1);
    await clock.wait(2_000);
    const { host, port } = settings.proxy.listen;
    const ask = async () => (await fetch(`http://${host}:${port}/`)).text();
    for (let asked = 0; asked < 10; asked += 1) assert.equal(await ask(), '1.1.0');
    await mendUntil(STABLE, async () => (await site.target.observe(SIGNAL)).guard.firedAt !== null);
    assert.equal(await ask(), '1.0.0');
  });

  it('or removed, or forgotten by its proxy, is brought anew by whoever starts the target', async (t) => {
    const { settings, source, site, fence, find, up, main } = await rig(t, unpackAnew);
    await up(STABLE);
    await site.target.apply(home(STABLE), fence(), SIGNAL);
    const { state, images } = proxyPaths(settings.directory);
    const damages = [
      () => writeFileSync(main(STABLE), 'process.exit(0)'),
      () => rmSync(images, { recursive: true }),
      () => writeFileSync(state, JSON.stringify({ ...JSON.parse(readFileSync(state, 'utf8')), images: [] })),
    ];
    for (const damage of damages) {
      await stopLocal(settings);
      damage();
      const { stable, trouble } = await startLocal('web', settings, clock, source);
      assert.deepEqual([stable, trouble], ['1.0.0', null]);
      assert.equal((await find(STABLE))?.digest, STABLE.digest);
    }
  });
});

describe('a candidate whose image is changed while it takes traffic', () => {
  it('is given up on with its first process, and what was changed is kept when it is let go', async (t) => {
    const { site, fence, find, until, up, images, main, kill } = await rig(t, unpackAnew, 2);
    await up(STABLE);
    await site.target.apply(home(STABLE), fence(), SIGNAL);
    await up(CANDIDATE);
    writeFileSync(main(CANDIDATE), 'process.exit(0)');
    await kill(CANDIDATE, 1);
    const running = await find(CANDIDATE);
    assert.deepEqual([running?.failed, running?.healthy], [true, 1]);
    await site.target.retire(CANDIDATE, fence(), SIGNAL);
    await until(async () => !existsSync(main(CANDIDATE)));
    const kept = path.join(images, `${placeOf(CANDIDATE)}.changed-1/rootfs/app/main.mjs`);
    await until(async () => existsSync(kept));
    assert.equal(readFileSync(kept, 'utf8'), 'process.exit(0)');
  });
});
