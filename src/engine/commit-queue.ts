import { setImmediate as nextTick } from 'node:timers/promises';
import type { Decision } from '../core/decision.ts';
import { type Store, StoreError } from '../stores/store.ts';
import type { Commit } from './turn.ts';

/** At most so many decisions share one transaction. */
const LARGEST_GROUP = 100;

interface Waiting {
  readonly decision: Decision;
  readonly answer: PromiseWithResolvers<'committed' | 'conflict'>;
}

/**
 * Group commit: decisions that come in during the same pass of the event loop share a transaction, so that thousands of
 * rollouts cost some tens of transactions a second.
 */
export function commitQueue(store: Pick<Store, 'commit'>): Commit {
  let waiting: Waiting[] = [];
  let isWriting = false;

  async function writeAll(): Promise<void> {
    isWriting = true;
    while (waiting.length > 0) {
      await nextTick();
      const group = waiting.slice(0, LARGEST_GROUP);
      waiting = waiting.slice(LARGEST_GROUP);
      await writeGroup(store, group);
    }
    isWriting = false;
  }

  return (decision) => {
    const answer = Promise.withResolvers<'committed' | 'conflict'>();
    waiting.push({ decision, answer });
    if (!isWriting) void writeAll();
    return answer.promise;
  };
}

/** What fails for no reason of the store's is the fault of one decision, and must not keep the others from being written. */
async function writeGroup(store: Pick<Store, 'commit'>, group: readonly Waiting[]): Promise<void> {
  try {
    const results = await store.commit(group.map(({ decision }) => decision));
    for (const [index, { answer }] of group.entries()) answer.resolve(results[index] ?? 'conflict');
  } catch (error) {
    if (group.length > 1 && !(error instanceof StoreError)) {
      for (const one of group) await writeGroup(store, [one]);
      return;
    }
    for (const { answer } of group) answer.reject(error);
  }
}
