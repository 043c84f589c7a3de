import type { Window } from '../time.ts';

/** One thing to ask the metrics: a check's counts of both arms over a window. */
export interface Question {
  readonly target: string;
  readonly check: string;
  readonly window: Window;
}
