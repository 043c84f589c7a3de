import { setTimeout as wait } from 'node:timers/promises';
import type { JournalRecord } from '../core/journal.ts';
import { isActive, type Rollout } from '../core/rollout.ts';
import type { Store } from '../stores/store.ts';
import { type Controller, takeControl } from './controller.ts';

/** What shows a rollout while it is followed. */
export interface RolloutView {
  /** Called with the state, and the journal's records that came since the last call. */
  show(rollout: Rollout, news: readonly JournalRecord[]): void;
  /** Something that keeps the engine from working; it goes on trying. */
  trouble(text: string): void;
  /** Called once, at the end. */
  close(): void;
}

export interface FollowOptions {
  readonly store: Store;
  readonly stateDirectory: string;
  readonly view: RolloutView;
  /** Whether this process may become the controller, if there is none. */
  readonly mayControl: boolean;
  /** When to stop following: by default when it has ended. */
  readonly isOver?: (rollout: Rollout) => boolean;
}

const LOOK_EVERY = 100;
const TAKE_OVER_EVERY = 5;

/** Follows a rollout until it has ended, and controls it meanwhile if nobody else does. Returns its last state. */
export async function follow(id: string, options: FollowOptions): Promise<Rollout | null> {
  const { store, stateDirectory, view, mayControl, isOver = (rollout) => !isActive(rollout) } = options;
  let controller: Controller | null = null;
  let known = 0;
  try {
    for (let look = 0; ; look += 1) {
      if (mayControl && controller === null && look % TAKE_OVER_EVERY === 0) {
        controller = takeControl(stateDirectory, store, (text) => view.trouble(text));
      }
      const rollout = await store.load(id);
      if (rollout === null) return null;
      const news = await newRecords(store, rollout, known);
      known += news.length;
      view.show(rollout, news);
      if (isOver(rollout)) return rollout;
      await wait(LOOK_EVERY);
    }
  } finally {
    view.close();
    await controller?.stop();
  }
}

async function newRecords(store: Store, { id }: Rollout, known: number): Promise<readonly JournalRecord[]> {
  const records = await store.journal(id);
  return records.slice(known);
}
