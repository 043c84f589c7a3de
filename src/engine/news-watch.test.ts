import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextPass } from 'node:timers/promises';
import { rollout, START } from '../../test/builders.ts';
import type { Rollout } from '../core/rollout.ts';
import { newsWatch } from './news-watch.ts';
import type { Sites } from './site.ts';

const SPLIT: Rollout = rollout({
  phase: { kind: 'progressing', step: 0, stage: 'holding', since: START, watched: 0 },
});

function siteThat(watch: (onNews: () => void) => () => void): Sites {
  const never = () => Promise.reject(new Error('not asked for here'));
  const target = { kind: 'simulated', granularity: 1, prepare: never, observe: never, apply: never };
  return {
    web: {
      target: { ...target, retire: never, smoke: never },
      guard: { arm: never, disarm: never },
      metrics: { sample: never, watch },
    },
  };
}

describe('an ear on the metrics', () => {
  it('listens while traffic is split, and no longer', async () => {
    const heard: string[] = [];
    let tell: (() => void) | null = null;
    const sites = siteThat((onNews) => {
      tell = onNews;
      return () => (tell = null);
    });
    const watch = newsWatch(
      async () => sites,
      (id) => heard.push(id),
    );
    watch.follow(SPLIT);
    await nextPass();
    (tell as (() => void) | null)?.();
    assert.deepEqual(heard, [SPLIT.id]);
    watch.follow(rollout());
    assert.equal(tell, null);
  });

  it('is not the end of the controller when it cannot listen, and is tried again', async () => {
    let tries = 0;
    const watch = newsWatch(
      async () => {
        tries += 1;
        throw new Error('no such target');
      },
      () => {},
    );
    watch.follow(SPLIT);
    await nextPass();
    watch.follow(SPLIT);
    await nextPass();
    assert.equal(tries, 2);
    watch.close();
  });
});
