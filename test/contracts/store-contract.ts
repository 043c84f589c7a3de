import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Decision } from '../../src/core/decision.ts';
import type { Interval } from '../../src/core/analysis/evidence.ts';
import type { Rollout, VerdictKind } from '../../src/core/rollout.ts';
import { toEnded, toRollingBack } from '../../src/core/turn/move.ts';
import { firstBroken } from '../../src/stores/chain.ts';
import { type RolloutFilter, type Store, StoreError } from '../../src/stores/store.ts';
import { CANDIDATE, plan, release, sample, START } from '../builders.ts';

/** A store for one test, and how to get rid of it. */
export interface StoreUnderTest {
  readonly store: Store;
  /** The same state, as another process sees it; null where the store cannot be shared. */
  readonly second: Store | null;
  close(): Promise<void>;
}

const REQUEST = {
  service: 'shop',
  environment: 'prod',
  plan: plan(),
  candidate: CANDIDATE,
  requestedBy: 'ann',
};

/** What every store promises, whatever it is made of. */
export function storeContract(name: string, open: () => Promise<StoreUnderTest>): void {
  async function withStore(work: (store: Store, second: Store | null) => Promise<void>): Promise<void> {
    const { store, second, close } = await open();
    try {
      await work(store, second);
    } finally {
      await close();
    }
  }

  const promises = (claim: string, work: (store: Store, second: Store | null) => Promise<void>): void =>
    void it(claim, () => withStore(work));

  describe(`the ${name} store`, () => {
    promises('numbers the rollouts of a service and environment', async (store) => {
      const first = await store.begin(REQUEST, START, { supersede: false });
      const other = await store.begin({ ...REQUEST, environment: 'dev' }, START, { supersede: false });
      await end(store, first);
      const second = await store.begin(REQUEST, START, { supersede: false });
      assert.deepEqual([first.id, other.id, second.id], ['shop-prod-1', 'shop-dev-1', 'shop-prod-2']);
    });

    promises(
      'gives a number above what the targets have obeyed, even if it does not know of it',
      async (store) => {
        const first = await store.begin(REQUEST, START, { supersede: false, after: 7 });
        assert.deepEqual([first.id, first.sequence], ['shop-prod-8', 8]);
        await end(store, first);
        assert.equal((await store.begin(REQUEST, START, { supersede: false, after: 3 })).sequence, 9);
      },
    );

    promises('gives back what was written', async (store) => {
      const rollout = await store.begin(REQUEST, START, { supersede: false });
      assert.deepEqual(await store.load(rollout.id), rollout);
      assert.equal(await store.load('shop-prod-9'), null);
    });

    promises('refuses a second rollout while one is under way', async (store) => {
      await store.begin(REQUEST, START, { supersede: false });
      await assert.rejects(store.begin(REQUEST, START, { supersede: false }), isError('active-rollout'));
      assert.equal((await store.list({})).length, 1);
    });

    promises('lets a newer rollout wait for the one that it supersedes', async (store) => {
      const old = await store.begin(REQUEST, START, { supersede: false });
      const newer = await store.begin(REQUEST, START + 1, { supersede: true });
      const [command] = await store.pendingCommands(old.id);
      assert.deepEqual(command?.command, { kind: 'supersede', rollout: newer.id });
      assert.equal((await store.neighbours(newer)).ahead, old.id);
      await end(store, old);
      assert.equal((await store.neighbours(newer)).ahead, null);
    });

    promises('tells places apart whose names run into each other', async (store) => {
      const one = { ...REQUEST, service: 'shop', environment: 'eu-prod' };
      const other = { ...REQUEST, service: 'shop-eu', environment: 'prod' };
      const first = await store.begin(one, START, { supersede: false });
      const second = await store.begin(other, START, { supersede: false });
      assert.notEqual(first.id, second.id);
      assert.equal((await store.load(second.id))?.service, 'shop-eu');
    });

    promises('lets only one of many beginners in', async (store, second) => {
      const stores = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? store : (second ?? store)));
      const results = await Promise.allSettled(
        stores.map((each) => each.begin(REQUEST, START, { supersede: false })),
      );
      assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    });

    promises('commits a decision only over the revision that it was made from', async (store) => {
      const rollout = await store.begin(REQUEST, START, { supersede: false });
      const next = decision(rollout);
      assert.deepEqual(await store.commit([next]), ['committed']);
      assert.deepEqual(await store.commit([next]), ['conflict']);
      assert.equal((await store.load(rollout.id))?.revision, 2);
    });

    promises('commits the others of a batch when one conflicts', async (store) => {
      const one = await store.begin(REQUEST, START, { supersede: false });
      const two = await store.begin({ ...REQUEST, environment: 'dev' }, START, { supersede: false });
      await store.commit([decision(one)]);
      const results = await store.commit([decision(one), decision(two)]);
      assert.deepEqual(results, ['conflict', 'committed']);
    });

    promises('keeps what the analysis took in, in order and only with its decision', async (store) => {
      const rollout = await store.begin(REQUEST, START, { supersede: false });
      const intervals = [0, 1].map((step): Interval => {
        const from = START + step * 1_000;
        const arms = { stable: sample(900, 1), candidate: sample(100, 2, 75) };
        return { target: 'web', step, weight: 12.5, from, to: from + 1_000, arms, flush: true };
      });
      const next: Decision = { ...decision(rollout), intervals };
      const stale: Decision = { ...next, rollout: { ...next.rollout, revision: 7 } };
      assert.deepEqual(await store.commit([stale]), ['conflict']);
      assert.deepEqual(await store.intervals(rollout.id), []);
      assert.deepEqual(await store.commit([next]), ['committed']);
      assert.deepEqual(await store.intervals(rollout.id), intervals);
    });

    promises('gives back what the analysis took in as it was judged: by its end', async (store) => {
      const rollout = await store.begin(REQUEST, START, { supersede: false });
      const arms = { stable: sample(900), candidate: sample(100) };
      const judged: readonly (readonly [string, number, number])[] = [
        ['web', 0, 10_000],
        ['web', 10_000, 20_000],
        ['cart', 0, 30_000],
      ];
      const intervals = judged.map(([target, from, to]): Interval => {
        return { target, step: 0, weight: 10, from: START + from, to: START + to, arms, flush: true };
      });
      await store.commit([{ ...decision(rollout), intervals }]);
      assert.deepEqual(await store.intervals(rollout.id), intervals);
    });

    promises('writes state, journal, answers and blocks together or not at all', async (store) => {
      const rollout = await store.begin(REQUEST, START, { supersede: false });
      const order = { command: { kind: 'pause' as const }, by: 'bob', note: null };
      const command = await store.sendCommand(rollout.id, order, START);
      const reasons = [{ code: 'first-release' as const }];
      const whole: Decision = {
        ...decision(rollout),
        entries: [{ at: START, kind: 'noted', reason: { code: 'settled' } }],
        answers: [{ command, accepted: true, text: 'paused' }],
        block: { release: CANDIDATE, reasons },
      };
      const stale: Decision = { ...whole, rollout: { ...whole.rollout, revision: 7 } };
      assert.deepEqual(await store.commit([stale]), ['conflict']);
      assert.equal((await store.journal(rollout.id)).length, 1);
      assert.equal(await store.answerTo(command), null);
      assert.deepEqual(await store.blocks('shop', 'prod'), []);

      assert.deepEqual(await store.commit([whole]), ['committed']);
      assert.equal((await store.journal(rollout.id)).length, 2);
      assert.deepEqual(await store.answerTo(command), { command, accepted: true, text: 'paused' });
      assert.deepEqual(
        (await store.blocks('shop', 'prod')).map(({ digest }) => digest),
        [CANDIDATE.digest],
      );
    });

    promises('chains the journal, so that a change shows', async (store) => {
      const rollout = await store.begin(REQUEST, START, { supersede: false });
      const noted = { at: START, kind: 'noted' as const, reason: { code: 'settled' as const } };
      await store.commit([{ ...decision(rollout), entries: [noted, noted] }]);
      const records = await store.journal(rollout.id);
      const head = await store.journalHead(rollout.id);
      assert.equal(firstBroken(records, head), null);
      const forged = records.map((record, index) =>
        index === 1 ? { ...record, entry: { ...record.entry, at: START + 1 } } : record,
      );
      assert.equal(firstBroken(forged, head), 2);
      assert.equal(firstBroken(records.slice(0, -1), head), 3);
    });

    promises('wakes a rollout when it is due, and at once for a command', async (store) => {
      const rollout = await store.begin(REQUEST, START, { supersede: false });
      await store.commit([{ ...decision(rollout), wakeAt: START + 5_000 }]);
      assert.deepEqual(await store.due(START + 4_999, 10), []);
      assert.deepEqual(await store.due(START + 5_000, 10), [rollout.id]);
      await store.sendCommand(rollout.id, { command: { kind: 'pause' }, by: 'bob', note: null }, START + 1);
      assert.deepEqual(await store.due(START + 1, 10), [rollout.id]);
    });

    promises('wakes a rollout for what came from a process whose clock is ahead', async (store) => {
      const rollout = await store.begin(REQUEST, START + 3_600_000, { supersede: false });
      assert.deepEqual(await store.due(START, 10), [rollout.id]);
      await store.commit([decision(rollout)]);
      const order = { command: { kind: 'rollback' as const }, by: 'bob', note: null };
      await store.sendCommand(rollout.id, order, START + 3_600_000);
      assert.deepEqual(await store.due(START, 10), [rollout.id]);
      const next = decision({ ...rollout, revision: 2 });
      await store.commit([{ ...next, rollout: { ...next.rollout, lastTurnAt: START + 3_600_000 } }]);
      assert.deepEqual(await store.due(START, 10), [rollout.id], 'the command is not answered yet');
    });

    promises('keeps a rollout awake for a command that came during its turn', async (store) => {
      const rollout = await store.begin(REQUEST, START, { supersede: false });
      const next = { ...decision(rollout), wakeAt: START + 60_000 };
      await store.sendCommand(rollout.id, { command: { kind: 'pause' }, by: 'bob', note: null }, START);
      await store.commit([next]);
      assert.deepEqual(await store.due(START + 1_000, 10), [rollout.id]);
    });

    promises('refuses a command for a rollout that does not exist', async (store) => {
      const order = { command: { kind: 'pause' as const }, by: 'bob', note: null };
      await assert.rejects(store.sendCommand('shop-prod-9', order, START), isError('unknown-rollout'));
    });

    promises(
      'tells an ended rollout that a later one has begun, but not one that was refused at the gates',
      async (store) => {
        const first = await end(store, await store.begin(REQUEST, START, { supersede: false }));
        const refused = await store.begin(REQUEST, START, { supersede: false });
        await end(store, refused);
        assert.equal((await store.neighbours(first)).overtaken, false);
        const second = await store.begin(REQUEST, START, { supersede: false });
        await store.commit([moved(second)]);
        assert.equal((await store.neighbours(first)).overtaken, true);
      },
    );

    promises('lifts a block by name or digest', async (store) => {
      const rollout = await store.begin(REQUEST, START, { supersede: false });
      await store.commit([{ ...decision(rollout), block: { release: CANDIDATE, reasons: [] } }]);
      assert.equal(await store.unblock('shop', 'dev', '1.1.0', 'ann', START), false);
      assert.equal(await store.unblock('shop', 'prod', '1.1.0', 'ann', START), true);
      assert.deepEqual(await store.blocks('shop', 'prod'), []);
    });

    promises('lists the newest first', async (store) => {
      for (const environment of ['dev', 'staging', 'prod']) {
        await store.begin({ ...REQUEST, environment }, START, { supersede: false });
      }
      await store.begin({ ...REQUEST, service: 'cart', candidate: release('9.0.0') }, START + 1, {
        supersede: false,
      });
      assert.equal((await store.list({ limit: 1 }))[0]?.service, 'cart');
      assert.equal((await store.list({ service: 'shop' })).length, 3);
      assert.deepEqual(
        (await store.list({ environment: 'dev' })).map(({ id }) => id),
        ['shop-dev-1'],
      );
    });

    promises('lists the newest of a place first, although the clock was set back', async (store) => {
      await end(store, await store.begin(REQUEST, START + 3_600_000, { supersede: false }));
      await store.begin(REQUEST, START, { supersede: false });
      const listed = await store.list({ service: 'shop', environment: 'prod' });
      assert.deepEqual(
        listed.map(({ sequence }) => sequence),
        [2, 1],
      );
    });

    promises('lists what ended in one way, and what became of one candidate', async (store) => {
      const ids = async (filter: RolloutFilter) =>
        (await store.list({ service: 'shop', environment: 'prod', ...filter })).map(({ id }) => id);
      const first = await store.begin(REQUEST, START, { supersede: false });
      assert.deepEqual(await ids({ verdict: 'promoted' }), []);
      const promoted = await end(store, first, 'promoted');
      const other = { ...REQUEST, candidate: release('1.2.0') };
      await end(store, await store.begin(other, START + 1, { supersede: false }));
      assert.deepEqual(await ids({ verdict: 'promoted' }), ['shop-prod-1']);
      assert.deepEqual(await ids({ verdict: 'aborted' }), ['shop-prod-2']);
      assert.deepEqual(await ids({ digest: CANDIDATE.digest }), ['shop-prod-1']);
      assert.deepEqual(await ids({ digest: CANDIDATE.digest, verdict: 'aborted' }), []);
      await store.commit([moved(promoted)]);
      assert.deepEqual(await ids({ verdict: 'promoted' }), [], 'it is being taken back');
    });

    promises('shows another process what was committed', async (store, second) => {
      if (second === null) return;
      const rollout = await store.begin(REQUEST, START, { supersede: false });
      assert.deepEqual(await second.load(rollout.id), rollout);
      assert.deepEqual(await second.commit([decision(rollout)]), ['committed']);
      assert.deepEqual(await store.commit([decision(rollout)]), ['conflict']);
    });
  });
}

function decision(rollout: Rollout): Decision {
  const next = { ...rollout, revision: rollout.revision + 1, lastTurnAt: START };
  return {
    rollout: next,
    entries: [],
    answers: [],
    intervals: [],
    actions: [],
    attest: null,
    block: null,
    wakeAt: START,
  };
}

function moved(rollout: Rollout): Decision {
  const { to } = toRollingBack({ kind: 'aborted', reasons: [] }, START);
  const next = decision(rollout);
  return { ...next, rollout: { ...next.rollout, phase: to } };
}

async function end(store: Store, rollout: Rollout, kind: VerdictKind = 'aborted'): Promise<Rollout> {
  const { to } = toEnded(rollout, { kind, reasons: [] }, START);
  const next = decision(rollout);
  const ended = { ...next, wakeAt: null, rollout: { ...next.rollout, phase: to } };
  assert.deepEqual(await store.commit([ended]), ['committed']);
  return ended.rollout;
}

function isError(code: StoreError['code']) {
  return (error: unknown) => error instanceof StoreError && error.code === code;
}
