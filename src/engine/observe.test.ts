import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { plan, release, START } from '../../test/builders.ts';
import { simulatedTarget, WELL } from '../../test/simulation/simulated-target.ts';
import { virtualClock } from '../../test/simulation/virtual-clock.ts';
import { openSqliteStore } from '../stores/sqlite/sqlite-store.ts';
import { observe } from './observe.ts';

const HANGS = () => new Promise<never>(() => {});

describe('an observation', () => {
  it('is made in five seconds, although a target and a gate do not answer', async () => {
    const clock = virtualClock(START);
    const store = openSqliteStore(':memory:');
    const options = { clock, seed: 1, requestsPerSecond: 1, isFenced: true, metricsDelay: 0 };
    const { site } = simulatedTarget({ ...options, name: 'web', behaviour: () => WELL });
    const request = { service: 'shop', environment: 'prod', plan: plan(), candidate: release('1.1.0') };
    const rollout = await store.begin({ ...request, requestedBy: 'ann' }, START, { supersede: false });
    let isDone = false;
    const seen = observe(rollout, {
      store,
      clock,
      sites: { web: { ...site, target: { ...site.target, observe: HANGS } } },
      gates: [{ name: 'supply chain', ask: HANGS }],
      notary: null,
      refusals: {},
    }).finally(() => (isDone = true));
    await clock.run(START + 4_999);
    assert.ok(!isDone);
    await clock.run(START + 5_000);
    assert.ok(isDone);
    const { targets, gates } = await seen;
    assert.deepEqual(targets, { web: { kind: 'outage', error: 'no answer within 5 s' } });
    assert.deepEqual(gates, [
      { gate: 'turn', kind: 'open' },
      { gate: 'supply chain', kind: 'waiting', detail: 'no answer within 5 s' },
    ]);
    await store.close();
  });

  it('looks at the targets only after it was seen that nothing is ahead', async () => {
    const clock = virtualClock(START);
    const store = openSqliteStore(':memory:');
    const options = { clock, seed: 1, requestsPerSecond: 1, isFenced: true, metricsDelay: 0 };
    const web = simulatedTarget({ ...options, name: 'web', behaviour: () => WELL });
    web.install(release('1.0.0'));
    const request = { service: 'shop', environment: 'prod', plan: plan(), candidate: release('1.2.0') };
    const rollout = await store.begin({ ...request, requestedBy: 'ann' }, START, { supersede: false });
    const seen = observe(rollout, {
      store: {
        ...store,
        // Until the answer is there, the rollout ahead ends.
        async neighbours() {
          await clock.wait(10);
          web.install(release('1.1.0'));
          return { ahead: null, overtaken: false };
        },
      },
      clock,
      sites: { web: web.site },
      gates: [],
      notary: null,
      refusals: {},
    });
    await clock.run(START + 100);
    const { web: reading } = (await seen).targets;
    assert.ok(reading?.kind === 'ok');
    assert.equal(reading.value.traffic.stable?.name, '1.1.0');
    await store.close();
  });
});
