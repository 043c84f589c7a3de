import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it, type TestContext } from 'node:test';
import type { Clock } from '../../clock/clock.ts';
import { systemClock } from '../../clock/system-clock.ts';
import { CANDIDATE, STABLE, START } from '../../../test/builders.ts';
import type { Instant, Milliseconds, Window } from '../../core/time.ts';
import { localSite } from './local-site.ts';
import { requests } from './messages.ts';
import { proxyPaths } from './paths.ts';
import { controlServer, order } from './proxy/control/control-server.ts';
import { directory, RUN } from './proxy/testing/service.ts';
import type { LocalSettings } from './settings.ts';

const NOTHING = { stable: null, candidate: null, weight: 0 };
const SIGNAL = AbortSignal.timeout(5_000);

/**
 * A site whose clock is the test's, and before a proxy whose clock is ahead of it by what `ahead` says when it is asked.
 * Tells which windows the proxy was asked for.
 */
async function rig(t: TestContext, now: () => Instant, ahead: () => Milliseconds) {
  const windows: Window[] = [];
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
  const reading = () => ({
    now: now() + ahead(),
    pid: 1,
    address: { host: '127.0.0.1', port: 1 },
    traffic: NOTHING,
    fence: null,
    running: [],
    guard: { armed: null, firedAt: START },
  });
  const sample = order(requests.sample, ({ window }) => {
    windows.push(window);
    return { sample: null };
  });
  const proxy = controlServer({ reading, sample }, { subscribe: () => () => {} });
  proxy.listen(proxyPaths(settings.directory).socket);
  t.after(() => proxy.close());
  await once(proxy, 'listening');
  const clock: Clock = { ...systemClock(), now };
  const { target, metrics } = localSite(settings, clock);
  return {
    target,
    windows,
    async sampleFrom(from: Instant) {
      await target.observe(SIGNAL);
      await metrics.sample({ stable: STABLE, candidate: CANDIDATE }, { from, to: from + 1_000 }, SIGNAL);
    },
  };
}

it('a guard that fired once is told of as one firing, however the clocks are thought to differ', async (t) => {
  const differences = [0, 400, -900];
  const { target } = await rig(
    t,
    () => systemClock().now(),
    () => differences.shift() ?? 0,
  );
  for (let looks = 0; looks < 3; looks += 1) {
    const { guard } = await target.observe(SIGNAL);
    assert.equal(guard.firedAt, START);
  }
});

describe('the clock of the proxy', () => {
  it('is not taken for another one because an answer came late', async (t) => {
    let time = START;
    // A second goes by between every two looks at the clock: before the question, in the proxy, and after the answer.
    const { sampleFrom, windows } = await rig(
      t,
      () => (time += 1_000),
      () => 0,
    );
    for (let times = 0; times < 3; times += 1) await sampleFrom(START);
    assert.deepEqual(
      windows.map(({ from }) => from),
      [START, START, START],
    );
  });

  it('is taken for the same other one as long as it may be', async (t) => {
    const differences = [10_000, 10_020, 9_990, 4_000];
    const { sampleFrom, windows } = await rig(
      t,
      () => START,
      () => differences.shift() ?? 0,
    );
    for (let times = 0; times < 4; times += 1) await sampleFrom(START);
    assert.deepEqual(
      windows.map(({ from }) => from - START),
      [10_000, 10_000, 10_000, 4_000],
    );
  });
});
