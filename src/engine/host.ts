import type { Decision } from '../core/decision.ts';
import type { Milliseconds } from '../core/time.ts';
import { commitQueue } from './commit-queue.ts';
import { takeTurn, type Engine } from './turn.ts';
import { newsWatch } from './news-watch.ts';

/** How often the store is asked which rollouts are due; commands of other processes are seen this fast. */
const SCAN_EVERY: Milliseconds = 50;
/** After an error of the store a rollout is left alone for this long. */
const BACK_OFF: Milliseconds = 1_000;
/** Turns under way at the same time. */
const MOST_TURNS = 500;

/** What a host tells the process that it runs in. */
export interface HostEvents {
  onDecision?(decision: Decision): void;
  /** The engine could not do its work, most likely because of the store. It goes on trying. */
  onTrouble?(rollout: string, error: unknown): void;
}

/**
 * Turns the loop for every rollout in the store until the signal aborts: when it is due, when a command has come, or when
 * its metrics have news. One process does this for a store at a time. Resolves when the last turn is over.
 */
export async function runHost(engine: Engine, events: HostEvents, signal: AbortSignal): Promise<void> {
  const { store, clock } = engine;
  const commit = commitQueue(store);
  const underWay = new Map<string, Promise<void>>();
  const refusals = new Map<string, Readonly<Record<string, string>>>();
  const resting = new Set<string>();
  /** Rollouts of which there was news during a turn that may not have seen it. */
  const again = new Set<string>();
  const watch = newsWatch(engine.findSites, (id) => {
    if (underWay.has(id)) again.add(id);
    else start(id);
  });

  function start(id: string): void {
    if (signal.aborted || underWay.has(id) || resting.has(id) || underWay.size >= MOST_TURNS) return;
    underWay.set(
      id,
      turn(id).finally(() => {
        underWay.delete(id);
        if (again.delete(id)) start(id);
      }),
    );
  }

  async function turn(id: string): Promise<void> {
    try {
      const result = await takeTurn(engine, commit, id, refusals.get(id) ?? {});
      if (result.kind !== 'turned') return;
      refusals.set(id, result.refusals);
      watch.follow(result.decision.rollout);
      if (result.decision.wakeAt === null) refusals.delete(id);
      events.onDecision?.(result.decision);
    } catch (error) {
      events.onTrouble?.(id, error);
      resting.add(id);
      void clock.wait(BACK_OFF, signal).then(() => resting.delete(id));
    }
  }

  while (!signal.aborted) {
    try {
      for (const id of await store.due(clock.now(), 2 * MOST_TURNS)) start(id);
    } catch (error) {
      events.onTrouble?.('the store', error);
    }
    await clock.wait(SCAN_EVERY, signal);
  }
  await Promise.all(underWay.values());
  // Only now, as a turn that ends may begin to listen.
  watch.close();
}
