import type { NewsLine } from '../../messages.ts';
import type { News } from './control-server.ts';
import { SLICE, type Counters } from '../dealing/counters.ts';
import type { Desk } from './desk.ts';

/** The news of a proxy: one line for every slice of time in which a request ended. */
export interface ProxyNews extends News {
  /** Tells what has become complete since it last did. Called often. */
  tell(): void;
}

export function newsOf(desk: Desk, counters: Counters): ProxyNews {
  const listeners = new Set<(line: string) => void>();
  let toldUntil = counters.completeUntil();

  function countsOf(digest: string | undefined, from: number): NewsLine['stable'] {
    if (digest === undefined) return { requests: 0, failed: 0 };
    const { requests, failed } = counters.between(digest, { from, to: from + SLICE });
    return { requests, failed };
  }

  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tell() {
      const until = counters.completeUntil();
      for (; toldUntil < until; toldUntil += SLICE) {
        if (listeners.size === 0) continue;
        const { stable, candidate, weight } = desk.traffic();
        const arms = {
          stable: countsOf(stable?.digest, toldUntil),
          candidate: countsOf(candidate?.digest, toldUntil),
        };
        const line: NewsLine = { at: toldUntil + SLICE, weight, ...arms };
        const text = JSON.stringify(line);
        for (const listener of listeners) listener(text);
      }
    },
  };
}
