import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { systemClock } from '../../../clock/system-clock.ts';
import { home } from '../../../core/traffic.ts';
import { freePort } from '../http/testing/upstreams.ts';
import { localSite } from '../local-site.ts';
import type { LocalSettings } from '../settings.ts';
import { runProxy } from './proxy.ts';
import { directory, RUN, service } from './testing/service.ts';

const STABLE = service('1.0.0');
const CANDIDATE = service('1.1.0');
const SIGNAL = AbortSignal.timeout(60_000);

/** A proxy with a stable release that listens at the port `old`, and sites as configured with that and with another. */
async function rig(t: TestContext) {
  const [place, old, other] = [directory(t), await freePort(), await freePort()];
  const settings = (port: number): LocalSettings => ({
    directory: place,
    proxy: {
      listen: { host: '127.0.0.1', port },
      sticky: null,
      preview: { header: 'x-canary' },
      responseTimeout: 1_000,
    },
    run: RUN,
  });
  const clock = systemClock();
  const sites = {
    before: localSite(settings(old), clock).target,
    after: localSite(settings(other), clock).target,
  };
  let proxy = await runProxy(settings(old), () => {});
  t.after(async () => {
    await proxy.stop();
    // It has written down where it stands, after the directory was cleared away.
    rmSync(place, { recursive: true, force: true });
  });
  await sites.before.prepare(STABLE, { sequence: 1, revision: 1 }, SIGNAL);
  await sites.before.apply(home(STABLE), { sequence: 1, revision: 2 }, SIGNAL);
  return {
    sites,
    async open() {
      const tried = await Promise.all([old, other].map(isOpen));
      return [old, other].filter((_, index) => tried[index]).map((port) => (port === old ? 'old' : 'new'));
    },
    async restart() {
      await proxy.stop();
      proxy = await runProxy(settings(other), () => {});
    },
  };
}

async function isOpen(port: number): Promise<boolean> {
  try {
    await (await fetch(`http://127.0.0.1:${port}`, { headers: { connection: 'close' } })).text();
    return true;
  } catch {
    return false;
  }
}

describe('a changed address', () => {
  it('is not taken from a controller that another one came after', async (t) => {
    const { sites, open } = await rig(t);
    await sites.before.apply(home(STABLE), { sequence: 3, revision: 1 }, SIGNAL);
    const late = sites.after.prepare(CANDIDATE, { sequence: 2, revision: 1 }, SIGNAL);
    await assert.rejects(late, { code: 'fenced' });
    assert.deepEqual(await open(), ['old']);
  });

  it('takes the place of the old one when its release is stable', async (t) => {
    const { sites, open } = await rig(t);
    assert.deepEqual(await open(), ['old']);
    await sites.after.prepare(CANDIDATE, { sequence: 2, revision: 1 }, SIGNAL);
    assert.deepEqual(await open(), ['old', 'new']);
    const waiting = { stable: STABLE, candidate: CANDIDATE, weight: 0 };
    await sites.after.apply(waiting, { sequence: 2, revision: 2 }, SIGNAL);
    assert.deepEqual(await open(), ['old', 'new']);
    await sites.after.apply(home(CANDIDATE), { sequence: 2, revision: 3 }, SIGNAL);
    assert.deepEqual(await open(), ['new']);
  });

  it('is taken back when its release is not taken, also by another proxy', async (t) => {
    const { sites, open, restart } = await rig(t);
    await sites.after.prepare(CANDIDATE, { sequence: 2, revision: 1 }, SIGNAL);
    await restart();
    assert.deepEqual(await open(), ['old', 'new']);
    await sites.after.apply(home(STABLE), { sequence: 2, revision: 2 }, SIGNAL);
    assert.deepEqual(await open(), ['old']);
  });

  it('counts at once for the same release, and when there is none yet', async (t) => {
    const { sites, open } = await rig(t);
    await sites.after.prepare(STABLE, { sequence: 2, revision: 1 }, SIGNAL);
    await sites.after.apply(home(STABLE), { sequence: 2, revision: 2 }, SIGNAL);
    assert.deepEqual(await open(), ['new']);
  });
});
