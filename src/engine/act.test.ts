import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bench, imageRelease, START } from '../../test/builders.ts';
import { simulatedNotary } from '../../test/simulation/simulated-notary.ts';
import { simulatedTarget, WELL } from '../../test/simulation/simulated-target.ts';
import { virtualClock } from '../../test/simulation/virtual-clock.ts';
import type { Decision } from '../core/decision.ts';
import { home } from '../core/traffic.ts';
import type { Notary } from '../notaries/notary.ts';
import { openSqliteStore } from '../stores/sqlite/sqlite-store.ts';
import { act } from './act.ts';
import { NOTARY } from './observe.ts';

const OLD = imageRelease('1.0.0');
const NEW = imageRelease('1.1.0');

/** Acts on a decision that wants both a target and the notary. */
async function acting(notary: Notary, { isLate = false, hangs = false } = {}) {
  const clock = virtualClock(START);
  const store = openSqliteStore(':memory:');
  const web = simulatedTarget({
    name: 'web',
    clock,
    seed: 1,
    requestsPerSecond: 1,
    isFenced: true,
    metricsDelay: 0,
    behaviour: () => WELL,
  });
  web.install(OLD);
  web.install(NEW);
  if (hangs) web.site.target.apply = () => new Promise<never>(() => {});
  const { decision, request } = takenBack();
  await store.begin(request, START, { supersede: false });
  const eyes = { store, clock, sites: { web: web.site }, gates: [], notary, refusals: {} };
  const refusals = act(decision, eyes, () => isLate);
  return { clock, web, refusals };
}

function takenBack(): { decision: Decision; request: Decision['rollout'] } {
  const world = bench({ candidate: NEW });
  const { rollout } = world.turn();
  const verdict = { kind: 'rolled back' as const, reasons: [] };
  const phase = { kind: 'ended' as const, at: START, verdict, settlesAt: START, settled: false };
  const ended = { ...rollout, phase };
  const decision: Decision = {
    rollout: ended,
    entries: [],
    answers: [],
    intervals: [],
    actions: [{ kind: 'apply', target: 'web', traffic: home(OLD) }],
    attest: { release: { ...NEW, artifact: imageArtifact() }, result: 'FAILED' },
    block: null,
    wakeAt: START,
  };
  return { decision, request: rollout };
}

function imageArtifact() {
  const { artifact } = NEW;
  return artifact.kind === 'image' ? artifact : assert.fail('not an image');
}

describe('acting', () => {
  it('asks targets and the notary at the same time', async () => {
    const notary = { ...simulatedNotary(), attest: () => new Promise<never>(() => {}) };
    const { clock, web, refusals } = await acting(notary);
    await clock.run(START);
    assert.equal(web.traffic().stable?.name, OLD.name);
    await clock.run(START + 5_000);
    assert.deepEqual(await refusals, { [NOTARY]: 'no answer within 5 s' });
  });

  it('has the notary asked where a target hangs', async () => {
    const notary = simulatedNotary();
    const { clock, refusals } = await acting(notary, { hangs: true });
    await clock.run(START);
    assert.equal(notary.verdicts.length, 1);
    await clock.run(START + 5_000);
    assert.deepEqual(await refusals, { web: 'no answer within 5 s' });
  });

  it('returns what the notary says that refuses, and nothing when it does not', async () => {
    const broken = { ...simulatedNotary(), attest: () => Promise.reject(new Error('no key')) };
    const refused = await acting(broken);
    await refused.clock.run(START);
    assert.deepEqual(await refused.refusals, { [NOTARY]: 'no key' });
    const notary = simulatedNotary();
    const taken = await acting(notary);
    await taken.clock.run(START);
    assert.deepEqual(await taken.refusals, {});
    assert.equal(notary.verdicts[0]?.result, 'FAILED');
  });

  it('has nothing signed by a turn that was frozen for too long', async () => {
    const notary = simulatedNotary();
    const { clock, web, refusals } = await acting(notary, { isLate: true });
    await clock.run(START);
    assert.deepEqual(await refusals, {});
    assert.deepEqual(notary.verdicts, []);
    assert.equal(web.traffic().stable?.name, NEW.name);
  });
});
