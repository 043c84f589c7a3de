import type { Release } from '../core/release.ts';
import type { Arms, Comparison } from '../core/sample.ts';
import type { Window } from '../core/time.ts';

/** Where the counts of a target's two arms come from. */
export interface MetricSource {
  /**
   * What both arms did in the window, cut to what is complete by now; null means that there is no data, which is never
   * guessed at. The same window gives the same answer when it is asked again.
   */
  sample(arms: Arms<Release>, window: Window, signal: AbortSignal): Promise<Comparison | null>;
  /** Calls back whenever new counts have come in, if the source can tell. Returns how to stop it. */
  watch?(onNews: () => void): () => void;
}
