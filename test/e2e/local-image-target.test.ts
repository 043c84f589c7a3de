import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { home } from '../../src/core/traffic.ts';
import { localSite } from '../../src/targets/local/local-site.ts';
import { startLocal, stopLocal } from '../../src/targets/local/operations.ts';
import { proxyPaths } from '../../src/targets/local/paths.ts';
import { imageRelease, unpackedInto } from '../../src/targets/local/proxy/testing/image.ts';
import type { LocalSettings } from '../../src/targets/local/settings.ts';
import { TargetError } from '../../src/targets/target.ts';
import type { BringRelease, ImageRelease, ImageSource, Unpacked } from '../../src/targets/local/unpacked.ts';
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
async function rig(t: TestContext, unpackIt: BringRelease<Unpacked> = unpack) {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-target-'));
  const settings = settingsOf(directory, await freePort());
  const site = localSite(settings, clock, imagesBy(unpackIt));
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
    await until(async () => (await find(release))?.healthy === 1);
  };
  const { images } = proxyPaths(directory);
  const places = () => (existsSync(images) ? readdirSync(images) : []);
  return { settings, site, fence, find, until, up, images, places };
}

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
