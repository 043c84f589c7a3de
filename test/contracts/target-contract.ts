import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TargetReading } from '../../src/core/observation.ts';
import type { Release } from '../../src/core/release.ts';
import type { Instant, Milliseconds } from '../../src/core/time.ts';
import { home } from '../../src/core/traffic.ts';
import type { Site } from '../../src/engine/site.ts';

/** A target for one test, with nothing deployed. */
export interface TargetUnderTest {
  readonly site: Site;
  /** Whether it refuses orders that come too late, or is only repaired after them. */
  readonly isFenced: boolean;
  readonly stable: Release;
  readonly candidate: Release;
  now(): Instant;
  /** Lets time pass. */
  pass(time: Milliseconds): Promise<void>;
  /** Has users send requests, about so many. */
  use(requests: number): Promise<void>;
  close(): Promise<void>;
}

const SIGNAL = new AbortController().signal;
const GUARD: Milliseconds = 3_000;

/** What every target promises, with its guard and its metrics. */
export function targetContract(name: string, open: () => Promise<TargetUnderTest>): void {
  const promises = (claim: string, work: (under: Driver) => Promise<void>): void =>
    void it(claim, async () => {
      const under = await open();
      try {
        await work(drive(under));
      } finally {
        await under.close();
      }
    });

  describe(`the ${name} target`, { concurrency: false }, () => {
    promises('begins with nothing', async ({ observe }) => {
      const { traffic, running, guard } = await observe();
      assert.deepEqual([traffic.stable, traffic.weight, running, guard.armed], [null, 0, [], null]);
    });

    promises('brings a release up without traffic, and reads its digest back', async (under) => {
      await under.prepare(under.candidate);
      const up = await under.untilUp(under.candidate);
      assert.equal(up.digest, under.candidate.digest);
      assert.equal((await under.observe()).traffic.stable, null);
      await under.prepare(under.candidate);
      assert.equal((await under.observe()).running.length, 1);
    });

    promises('splits traffic under a guard, and says so', async (under) => {
      await under.splitAt(25);
      const { traffic, fence, guard } = await under.observe();
      assert.deepEqual(
        [traffic.stable?.digest, traffic.candidate?.digest, traffic.weight],
        [under.stable.digest, under.candidate.digest, 25],
      );
      assert.deepEqual(fence, under.lastFence());
      assert.equal(guard.armed?.home.stable?.digest, under.stable.digest);
    });

    promises('takes the same order twice', async (under) => {
      await under.splitAt(25);
      const before = (await under.observe()).traffic;
      await under.apply(before);
      assert.deepEqual((await under.observe()).traffic, before);
    });

    promises('refuses traffic for what is not running', async (under) => {
      await assert.rejects(under.apply(home(under.stable)));
      assert.equal((await under.observe()).traffic.stable, null);
    });

    promises('refuses an order that is older than one it took', async (under) => {
      if (!under.isFenced) return;
      await under.splitAt(25);
      const late = { sequence: 1, revision: 1 };
      await assert.rejects(under.site.target.apply(home(under.stable), late, SIGNAL));
      await assert.rejects(under.site.guard.disarm(late, SIGNAL));
      assert.equal((await under.observe()).traffic.weight, 25);
    });

    promises('refuses to split without a guard, and after it has sprung', async (under) => {
      if (!under.isFenced) return;
      await under.bothUp();
      const split = { stable: under.stable, candidate: under.candidate, weight: 10 };
      await assert.rejects(under.apply(split));
      await under.arm();
      await under.apply(split);
      await under.pass(GUARD + 500);
      await assert.rejects(under.apply(split));
    });

    promises('goes home by itself when the guard is not renewed', async (under) => {
      await under.splitAt(50);
      await under.pass(GUARD - 1_000);
      assert.equal((await under.observe()).traffic.weight, 50);
      await under.pass(1_500);
      const { traffic, guard } = await under.observe();
      assert.deepEqual([traffic.stable?.digest, traffic.weight], [under.stable.digest, 0]);
      assert.notEqual(guard.firedAt, null);
    });

    promises('stays as it is when the guard is renewed', async (under) => {
      await under.splitAt(50);
      for (let renewals = 0; renewals < 3; renewals += 1) {
        await under.pass(GUARD - 1_000);
        await under.arm();
      }
      const { traffic, guard } = await under.observe();
      assert.deepEqual([traffic.weight, guard.firedAt], [50, null]);
    });

    promises('makes the candidate stable, and lets the old one go', async (under) => {
      await under.splitAt(50);
      await under.apply(home(under.candidate));
      await under.site.guard.disarm(under.nextFence(), SIGNAL);
      await under.site.target.retire(under.stable, under.nextFence(), SIGNAL);
      const { traffic, running, guard } = await under.observe();
      assert.equal(traffic.stable?.digest, under.candidate.digest);
      assert.deepEqual(
        running.map(({ release }) => release.digest),
        [under.candidate.digest],
      );
      assert.equal(guard.armed, null);
    });

    promises('refuses to let go of what takes traffic', async (under) => {
      await under.splitAt(50);
      await assert.rejects(under.site.target.retire(under.stable, under.nextFence(), SIGNAL));
      await assert.rejects(under.site.target.retire(under.candidate, under.nextFence(), SIGNAL));
    });

    promises('counts what each arm did, and says the same when asked again', async (under) => {
      await under.splitAt(50);
      const from = under.now();
      await under.use(200);
      await under.pass(1_500);
      const window = { from, to: under.now() };
      const ask = () =>
        under.site.metrics.sample({ stable: under.stable, candidate: under.candidate }, window, SIGNAL);
      const first = await ask();
      assert.ok(first !== null);
      assert.ok(first.stable.requests > 20 && first.candidate.requests > 20, JSON.stringify(first));
      assert.ok(first.window.from >= window.from - 1_000 && first.window.to <= window.to);
      await under.pass(300);
      assert.deepEqual(await ask(), first);
    });

    promises('has no data where there were no requests', async (under) => {
      await under.splitAt(50);
      const window = { from: under.now() - 60_000, to: under.now() - 50_000 };
      const arms = { stable: under.stable, candidate: under.candidate };
      assert.equal(await under.site.metrics.sample(arms, window, SIGNAL), null);
    });

    promises('tests a release that has no traffic', async (under) => {
      await under.bothUp();
      const test = {
        method: 'GET',
        path: '/version',
        headers: {},
        status: 200,
        contains: null,
        timeout: 2_000,
      };
      assert.deepEqual(await under.site.target.smoke(under.candidate, [test], SIGNAL), { kind: 'passed' });
    });
  });
}

interface Driver extends TargetUnderTest {
  observe(): Promise<TargetReading>;
  prepare(release: Release): Promise<void>;
  apply(traffic: TargetReading['traffic']): Promise<void>;
  arm(): Promise<void>;
  untilUp(release: Release): Promise<TargetReading['running'][number]>;
  bothUp(): Promise<void>;
  splitAt(weight: number): Promise<void>;
  nextFence(): { sequence: number; revision: number };
  lastFence(): { sequence: number; revision: number };
}

/** The verbs with fences that ascend. */
function drive(under: TargetUnderTest): Driver {
  const { target, guard } = under.site;
  let revision = 10;
  const self: Driver = {
    ...under,
    lastFence: () => ({ sequence: 1, revision }),
    nextFence() {
      revision += 1;
      return self.lastFence();
    },
    observe: () => target.observe(SIGNAL),
    prepare: (release) => target.prepare(release, self.nextFence(), SIGNAL),
    apply: (traffic) => target.apply(traffic, self.nextFence(), SIGNAL),
    arm: () => guard.arm(home(under.stable), under.now() + GUARD, self.nextFence(), SIGNAL),
    async untilUp(release) {
      for (let tries = 0; tries < 300; tries += 1) {
        const running = (await self.observe()).running.find((each) => each.release.digest === release.digest);
        if (running !== undefined && running.healthy === running.wanted) return running;
        await under.pass(50);
      }
      throw new Error(`${release.name} did not get up`);
    },
    async bothUp() {
      await self.prepare(under.stable);
      await self.prepare(under.candidate);
      await self.untilUp(under.stable);
      await self.untilUp(under.candidate);
      await self.apply(home(under.stable));
    },
    async splitAt(weight) {
      await self.bothUp();
      await self.arm();
      await self.apply({ stable: under.stable, candidate: under.candidate, weight });
    },
  };
  return self;
}
