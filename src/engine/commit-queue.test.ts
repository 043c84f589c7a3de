import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bench } from '../../test/builders.ts';
import type { Decision } from '../core/decision.ts';
import { type Store, StoreError } from '../stores/store.ts';
import { commitQueue } from './commit-queue.ts';

type Write = Store['commit'];

/** A decision about the rollout of this name. */
function about(id: string): Decision {
  const decision = bench().turn();
  return { ...decision, rollout: { ...decision.rollout, id } };
}

/** A queue in front of a store that writes so, and the groups that it was given. */
function queueBefore(write: Write) {
  const groups: string[][] = [];
  const commit = commitQueue({
    async commit(decisions) {
      groups.push(decisions.map(({ rollout }) => rollout.id));
      return write(decisions);
    },
  });
  return { commit, groups };
}

describe('a queue of commits', () => {
  it('writes together what comes together', async () => {
    const { commit, groups } = queueBefore(async (decisions) => decisions.map(() => 'committed'));
    const results = await Promise.all(['a', 'b', 'c'].map((id) => commit(about(id))));
    assert.deepEqual(results, ['committed', 'committed', 'committed']);
    assert.deepEqual(groups, [['a', 'b', 'c']]);
  });

  it('does not let one decision that cannot be written keep the others from it', async () => {
    const { commit } = queueBefore(async (decisions) => {
      if (decisions.some(({ rollout }) => rollout.id === 'bad')) throw new TypeError('not a whole number');
      return decisions.map(() => 'committed');
    });
    const results = await Promise.allSettled(['a', 'bad', 'c'].map((id) => commit(about(id))));
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
  });

  it('does not try one by one what the store cannot do at all', async () => {
    const { commit, groups } = queueBefore(async () => {
      throw new StoreError('full', 'The disk is full.');
    });
    const results = await Promise.allSettled(['a', 'b'].map((id) => commit(about(id))));
    assert.deepEqual(
      results.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    assert.deepEqual(groups, [['a', 'b']]);
  });
});
