import assert from 'node:assert/strict';
import { once } from 'node:events';
import { it } from 'node:test';
import { systemClock } from '../../clock/system-clock.ts';
import { START } from '../../../test/builders.ts';
import { localSite } from './local-site.ts';
import { proxyPaths } from './paths.ts';
import { controlServer } from './proxy/control-server.ts';
import { directory, RUN } from './proxy/testing/service.ts';
import type { LocalSettings } from './settings.ts';

const NOTHING = { stable: null, candidate: null, weight: 0 };

it('a guard that fired once is told of as one firing, however the clocks are thought to differ', async (t) => {
  const clock = systemClock();
  const differences = [0, 400, -900];
  const reading = () => ({
    now: clock.now() + (differences.shift() ?? 0),
    pid: 1,
    address: { host: '127.0.0.1', port: 1 },
    traffic: NOTHING,
    fence: null,
    running: [],
    guard: { armed: null, firedAt: START },
  });
  const settings: LocalSettings = {
    directory: directory(t),
    proxy: {
      listen: { host: '127.0.0.1', port: 1 },
      sticky: null,
      preview: { header: 'x-canary' },
      responseTimeout: 1_000,
    },
    run: RUN,
  };
  const proxy = controlServer({ reading }, { subscribe: () => () => {} });
  proxy.listen(proxyPaths(settings.directory).socket);
  t.after(() => proxy.close());
  await once(proxy, 'listening');
  const { target } = localSite(settings, clock);
  for (let looks = 0; looks < 3; looks += 1) {
    const { guard } = await target.observe(AbortSignal.timeout(5_000));
    assert.equal(guard.firedAt, START);
  }
});
