import { setTimeout as wait } from 'node:timers/promises';
import { type Difference, differences } from '../core/judging/difference.ts';
import type { JournalRecord } from '../core/journal.ts';
import { dueVerdict } from '../core/attestation.ts';
import { isActive, type Rollout } from '../core/rollout.ts';
import type { Store } from '../stores/store.ts';
import { type Controlled, type Controller, takeControl } from './controller.ts';

/** What shows a rollout while it is followed. */
export interface RolloutView {
  /** Called with the state, the journal's records that came since the last call, and what is known of the difference. */
  show(rollout: Rollout, news: readonly JournalRecord[], known: readonly Difference[]): void;
  /** Something that keeps the engine from working; it goes on trying. */
  trouble(text: string): void;
  /** Called once, at the end. */
  close(): void;
}

export interface FollowOptions extends Controlled {
  readonly view: RolloutView;
  /** Whether this process may become the controller, if there is none. */
  readonly mayControl: boolean;
  /** When to stop following: by default when it has ended. */
  readonly isOver?: (rollout: Rollout) => boolean;
}

const LOOK_EVERY = 100;
const TAKE_OVER_EVERY = 5;
const COMPARE_EVERY = 20;

/** Whether it has ended, and its verdict is attached to its image or cannot be for now. */
export function isDone(rollout: Rollout): boolean {
  return !isActive(rollout) && (dueVerdict(rollout) === null || rollout.attestation.trouble !== null);
}

/** Follows a rollout until it has ended, and controls it meanwhile if nobody else does. Returns its last state. */
export async function follow(id: string, options: FollowOptions): Promise<Rollout | null> {
  const { store, view, mayControl, isOver = isDone } = options;
  let controller: Controller | null = null;
  let told = 0;
  let known: readonly Difference[] = [];
  try {
    for (let look = 0; ; look += 1) {
      if (mayControl && controller === null && look % TAKE_OVER_EVERY === 0) {
        controller = takeControl(options, (text) => view.trouble(text));
      }
      const rollout = await store.load(id);
      if (rollout === null) return null;
      const news = await newRecords(store, rollout, told);
      told += news.length;
      if (look % COMPARE_EVERY === 0) known = differences(rollout, await store.intervals(id));
      view.show(rollout, news, known);
      if (isOver(rollout)) return rollout;
      await wait(LOOK_EVERY);
    }
  } finally {
    view.close();
    await controller?.stop();
  }
}

async function newRecords(store: Store, { id }: Rollout, told: number): Promise<readonly JournalRecord[]> {
  const records = await store.journal(id);
  return records.slice(told);
}
