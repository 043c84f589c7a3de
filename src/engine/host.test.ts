import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ADMISSION, imageRelease, plan, START } from '../../test/builders.ts';
import { simulatedNotary, type SimulatedNotary } from '../../test/simulation/simulated-notary.ts';
import { simulatedTarget, type SimulatedTarget, WELL } from '../../test/simulation/simulated-target.ts';
import { virtualClock, type VirtualClock } from '../../test/simulation/virtual-clock.ts';
import { decide } from '../core/decide.ts';
import { sayEntry } from '../core/journal.ts';
import { labelOf } from '../core/turn/move.ts';
import type { GateAnswer } from '../core/observation.ts';
import type { Plan } from '../core/plan.ts';
import type { Rollout } from '../core/rollout.ts';
import type { Gate } from '../gates/gate.ts';
import type { Notary } from '../notaries/notary.ts';
import { openSqliteStore } from '../stores/sqlite/sqlite-store.ts';
import type { Store } from '../stores/store.ts';
import { runHost } from './host.ts';

const OLD = imageRelease('1.0.0');
const NEW = imageRelease('1.1.0');
const PLAN: Partial<Plan> = { notary: {}, rollbackWindow: 30_000 };

interface Stage {
  readonly clock: VirtualClock;
  readonly store: Store;
  readonly target: SimulatedTarget;
  /** The only rollout, as it stands. */
  rollout(): Promise<Rollout>;
  /** All that happened, in words. */
  story(): Promise<string>;
  /** Lets time pass until so long after the start. */
  until(after: number): Promise<void>;
  end(): Promise<void>;
}

/** A host that turns one rollout of an image, with these gates and this notary. */
async function stage(gates: readonly Gate[], notary: Notary | null = simulatedNotary()): Promise<Stage> {
  const clock = virtualClock(START);
  const store = openSqliteStore(':memory:');
  const target = simulatedTarget({
    name: 'web',
    clock,
    seed: 1,
    requestsPerSecond: 100,
    isFenced: true,
    metricsDelay: 0,
    behaviour: () => WELL,
  });
  target.install(OLD);
  const host = new AbortController();
  const findSites = async () => ({ web: target.site });
  const engine = { store, clock, decide, findSites, gatesFor: () => gates, notary, lease: 15_000 };
  const request = { service: 'shop', environment: 'prod', candidate: NEW, requestedBy: 'ann' };
  const { id } = await store.begin({ ...request, plan: plan(PLAN) }, START, { supersede: false });
  const over = runHost(engine, { onTrouble: (_, error) => assert.fail(String(error)) }, host.signal);

  return {
    clock,
    store,
    target,
    async rollout() {
      return (await store.load(id)) ?? assert.fail('it is gone');
    },
    async story() {
      return (await store.journal(id)).map(({ entry }) => sayEntry(entry)).join('\n');
    },
    until: (after) => clock.run(START + after),
    async end() {
      host.abort();
      await clock.run(clock.now() + 20_000);
      await over;
      await store.close();
    },
  };
}

interface Asked extends Gate {
  /** Where the rollout was when it was asked. */
  readonly phases: readonly string[];
  answer: GateAnswer;
}

function gate(name: string, asksAgain: boolean, answer: GateAnswer): Asked {
  const phases: string[] = [];
  return {
    name,
    asksAgain,
    phases,
    answer,
    async ask(rollout) {
      phases.push(labelOf(rollout));
      return this.answer;
    },
  };
}

const OPEN: GateAnswer = { gate: 'supply chain', kind: 'open', admission: ADMISSION };

describe('the engine', () => {
  it('asks gates again while the rollout is under way that say so, and no others', async () => {
    const evidence = gate('supply chain', true, OPEN);
    const freeze = gate('freeze', false, { gate: 'freeze', kind: 'open' });
    const world = await stage([evidence, freeze]);
    await world.until(60_000);
    assert.equal((await world.rollout()).phase.kind, 'ended');
    for (const step of ['at 10 %', 'at 50 %']) {
      assert.ok(
        evidence.phases.some((phase) => phase.endsWith(step)),
        step,
      );
    }
    assert.deepEqual([...new Set(freeze.phases)], ['gating']);
    await world.end();
  });

  it('asks none again that let nothing in by evidence', async () => {
    const evidence = gate('supply chain', true, { gate: 'supply chain', kind: 'open' });
    const world = await stage([evidence]);
    await world.until(60_000);
    assert.equal((await world.rollout()).phase.kind, 'ended');
    assert.deepEqual([...new Set(evidence.phases)], ['gating']);
    await world.end();
  });

  it('takes a gate that throws, or does not answer, for one that is not open', async () => {
    for (const ask of [
      () => Promise.reject(new Error('no route to host')),
      () => new Promise<never>(() => {}),
    ]) {
      const world = await stage([{ name: 'supply chain', ask }]);
      await world.until(20_000);
      const { phase, waitingFor } = await world.rollout();
      assert.equal(phase.kind, 'gating');
      assert.match(JSON.stringify(waitingFor), /no route to host|no answer within 5 s/);
      await world.end();
    }
  });

  it('has the end of a rollout attested, and says so in the journal', async () => {
    const notary = simulatedNotary();
    const world = await stage([gate('supply chain', true, OPEN)], notary);
    await world.until(120_000);
    assert.deepEqual(
      notary.verdicts.map(({ digest, result }) => [digest, result]),
      [[NEW.digest, 'PASSED']],
    );
    assert.match(await world.story(), /the verdict PASSED was signed and attached to the image/);
    const { phase } = await world.rollout();
    assert.ok(phase.kind === 'ended' && phase.settled);
    await world.end();
  });

  it('hears what the notary says that refuses, and asks again until it does not', async () => {
    const sound = simulatedNotary();
    const attempts: number[] = [];
    let isOut = true;
    const notary: SimulatedNotary = {
      ...sound,
      async attest(...args) {
        attempts.push(world.clock.now());
        if (isOut) throw new Error('the key is not there');
        return sound.attest(...args);
      },
    };
    const world = await stage([gate('supply chain', true, OPEN)], notary);
    await world.until(120_000);
    const { attestation, phase } = await world.rollout();
    assert.equal(attestation.trouble?.detail, 'the key is not there');
    assert.match(await world.story(), /could not be attached .* the key is not there/);
    assert.ok(phase.kind === 'ended' && !phase.settled, 'it waits for its verdict');
    assert.ok(attempts.length > 10 && attempts.length < 30, `${attempts.length} attempts`);
    isOut = false;
    await world.until(140_000);
    assert.equal(sound.verdicts.length, 1);
    const healed = await world.rollout();
    assert.equal(healed.attestation.trouble, null);
    assert.ok(healed.phase.kind === 'ended' && healed.phase.settled);
    await world.end();
  });

  it('hears that the notary cannot even be asked', async () => {
    const notary = { ...simulatedNotary(), find: () => Promise.reject(new Error('no registry')) };
    const world = await stage([gate('supply chain', true, OPEN)], notary);
    await world.until(60_000);
    assert.equal((await world.rollout()).attestation.trouble?.detail, 'no registry');
    await world.end();
  });

  it('does not keep targets waiting for a notary that does not answer', async () => {
    const notary = { ...simulatedNotary(), attest: () => new Promise<never>(() => {}) };
    const world = await stage([gate('supply chain', true, OPEN)], notary);
    await world.until(45_000);
    assert.equal((await world.rollout()).attestation.trouble?.detail, 'no answer within 5 s');
    assert.equal(world.target.traffic().stable?.name, NEW.name);
    const { id } = await world.rollout();
    const command = { kind: 'rollback' as const };
    await world.store.sendCommand(id, { command, by: 'bob', note: null }, world.clock.now());
    await world.until(53_000);
    assert.equal(world.target.traffic().stable?.name, OLD.name);
    await world.end();
  });
});
