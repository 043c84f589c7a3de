import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { running, START } from '../../../test/builders.ts';
import { virtualClock } from '../../../test/simulation/virtual-clock.ts';
import { TargetError } from '../target.ts';
import { arrivals, type ArrivalsOptions } from './arrivals.ts';
import { imageRelease, unpackedInto } from './proxy/testing/image.ts';
import { directory } from './proxy/testing/service.ts';

const RELEASE = imageRelease();

function rig(changes: Partial<ArrivalsOptions> = {}) {
  const clock = virtualClock(START);
  const unpacking = Promise.withResolvers<ReturnType<typeof unpackedInto>>();
  const log: string[] = [];
  const arriving = arrivals({
    directory: '/images',
    processes: 2,
    clock,
    bring(_, __, signal) {
      log.push('bring');
      signal.addEventListener('abort', () => log.push('stopped'));
      return unpacking.promise;
    },
    deliver: async () => void log.push('deliver'),
    ...changes,
  });
  const troubles = () => arriving.running().map(({ trouble, failed }) => [trouble, failed]);
  return { clock, unpacking, log, arriving, troubles };
}

const settled = () => new Promise(setImmediate);

describe('an image on its way', () => {
  it('is told of as a release that is not healthy yet, and handed over when it is there', async (t) => {
    const { clock, unpacking, log, arriving, troubles } = rig();
    arriving.expect(RELEASE);
    arriving.expect(RELEASE);
    await clock.run(START + 42_000);
    assert.deepEqual(troubles(), [['its image is being fetched, for 42 s so far', false]]);
    assert.deepEqual(
      arriving.running().map(({ wanted, healthy, digest }) => [wanted, healthy, digest]),
      [[2, 0, RELEASE.digest]],
    );
    unpacking.resolve(unpackedInto(directory(t), RELEASE));
    await settled();
    assert.deepEqual([log, troubles()], [['bring', 'deliver'], []]);
  });

  it('that can never be run is told of as failed, until it is let go', async () => {
    const { unpacking, arriving, troubles } = rig();
    arriving.expect(RELEASE);
    unpacking.reject(new TargetError('refused', 'a layer is not what its digest says'));
    await settled();
    assert.deepEqual(troubles(), [['a layer is not what its digest says', true]]);
    arriving.forget(RELEASE.digest);
    assert.deepEqual(troubles(), []);
  });

  it('is tried for again when the registry was away, but not at once', async () => {
    const { clock, unpacking, log, arriving, troubles } = rig();
    arriving.expect(RELEASE);
    unpacking.reject(new Error('the registry does not answer'));
    await settled();
    assert.deepEqual(troubles(), []);
    assert.throws(() => arriving.expect(RELEASE), /the registry does not answer/);
    await clock.run(START + 2_000);
    arriving.expect(RELEASE);
    assert.deepEqual(log, ['bring', 'bring']);
  });

  it('is tried for again when the proxy did not take it, whatever its reason', async (t) => {
    const image = unpackedInto(directory(t), RELEASE);
    const refusal = new TargetError('refused', 'it could not be written down');
    const { arriving, troubles } = rig({
      bring: async () => image,
      deliver: () => Promise.reject(refusal),
    });
    arriving.expect(RELEASE);
    await settled();
    assert.deepEqual(troubles(), []);
    assert.throws(() => arriving.expect(RELEASE), /could not be written down/);
  });

  it('is left alone longer and longer, whatever came of the tries', async (t) => {
    const image = unpackedInto(directory(t), RELEASE);
    const outcomes = [
      () => Promise.reject(new Error('the registry does not answer')),
      () => Promise.reject(new TargetError('refused', 'a layer is not what its digest says')),
      async () => image,
    ];
    for (const bring of outcomes) {
      let tries = 0;
      const { clock, arriving } = rig({
        bring: () => {
          tries += 1;
          return bring();
        },
      });
      const tried: number[] = [];
      for (let second = 0; second < 200; second += 1) {
        const before = tries;
        try {
          arriving.expect(RELEASE);
        } catch {
          // It was tried a moment ago.
        }
        await settled();
        if (tries > before) tried.push(second);
        await clock.run(clock.now() + 1_000);
      }
      assert.deepEqual(tried, [0, 2, 6, 14, 30, 62, 122, 182]);
      await clock.run(clock.now() + 11 * 60_000);
      arriving.expect(RELEASE);
      await settled();
      await clock.run(clock.now() + 2_000);
      const before = tries;
      arriving.expect(RELEASE);
      assert.equal(tries, before + 1, 'after a long time it is a first try again');
    }
  });

  it('is told of with a release that was changed', async () => {
    const kept = { ...running(RELEASE), trouble: 'it is down', damage: 'main.mjs was changed', failed: true };
    const { unpacking, arriving } = rig();
    assert.deepEqual(arriving.amend(kept), kept);
    arriving.expect(RELEASE);
    const under = arriving.amend(kept);
    assert.deepEqual(
      [under.trouble, under.failed],
      ['main.mjs was changed; its image is being fetched, for 0 ms so far', false],
    );
    assert.deepEqual(arriving.amend({ ...kept, damage: null }).trouble, 'it is down');
    unpacking.reject(new TargetError('refused', 'a layer is not what its digest says'));
    await settled();
    const refused = arriving.amend(kept);
    assert.deepEqual(
      [refused.trouble, refused.failed],
      ['main.mjs was changed; it could not be brought anew: a layer is not what its digest says', true],
    );
  });

  it('that nobody wants any more is stopped, and never handed over', async (t) => {
    const { unpacking, log, arriving, troubles } = rig();
    arriving.expect(RELEASE);
    arriving.forget(RELEASE.digest);
    assert.deepEqual(log, ['bring', 'stopped']);
    unpacking.resolve(unpackedInto(directory(t), RELEASE));
    await settled();
    assert.deepEqual([log, troubles()], [['bring', 'stopped'], []]);
  });
});
