import type { Rollout } from '../core/rollout.ts';
import type { FindSites } from './site.ts';

/** Keeps an ear on the metrics of the rollouts that have traffic split, so that a turn does not wait for its time. */
export interface NewsWatch {
  /** Takes note of where a rollout stands: listens while its traffic is split, and no longer. */
  follow(rollout: Rollout): void;
  close(): void;
}

/** Calls `onNews` with the rollout's id when the metrics of one of its targets have something new. */
export function newsWatch(findSites: FindSites, onNews: (id: string) => void): NewsWatch {
  const listening = new Map<string, () => void>();

  function listen(rollout: Rollout): () => void {
    let isStopped = false;
    let stops: readonly ((() => void) | undefined)[] = [];
    findSites(rollout)
      .then((sites) => {
        if (isStopped) return;
        stops = Object.values(sites).map(({ metrics }) => metrics.watch?.(() => onNews(rollout.id)));
      })
      .catch(() => {
        // Turns come at their time all the same, and after the next one it is tried again.
        if (!isStopped) listening.delete(rollout.id);
      });
    return () => {
      isStopped = true;
      for (const stop of stops) stop?.();
    };
  }

  return {
    follow(rollout) {
      const { kind } = rollout.phase;
      const isSplit = kind === 'progressing' || kind === 'held';
      if (isSplit && !listening.has(rollout.id)) listening.set(rollout.id, listen(rollout));
      if (!isSplit) {
        listening.get(rollout.id)?.();
        listening.delete(rollout.id);
      }
    },
    close() {
      for (const stop of listening.values()) stop();
      listening.clear();
    },
  };
}
