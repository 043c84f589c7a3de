import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { takeExclusiveLock } from '../../locks/exclusive-lock.ts';
import { stopProxy } from './launch.ts';
import { proxyPaths } from './paths.ts';
import { directory } from './proxy/testing/service.ts';

describe('stopping a proxy', () => {
  it('is over when one that was never reached has ended by itself', async (t) => {
    const settings = { directory: directory(t) };
    const proxy = takeExclusiveLock(proxyPaths(settings.directory).lock);
    const stopping = stopProxy(settings);
    await wait(200);
    proxy?.release();
    assert.equal(await stopping, false);
  });
});
