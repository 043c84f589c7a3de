import type { Arms, Sample } from '../sample.ts';

/** Requests of one arm in one block, and how many of them were bad in the sense of a metric. */
export interface Count {
  readonly requests: number;
  readonly bad: number;
}

/** Both arms' counts over the same stretch of time, final and never counted twice. */
export type Block = Arms<Count>;

/** Shares of bad requests of both arms, 0 to 1. */
export type Rates = Arms<number>;

export const NOTHING: Count = { requests: 0, bad: 0 };

export function addCounts(first: Count, second: Count): Count {
  return { requests: first.requests + second.requests, bad: first.bad + second.bad };
}

/** Failed requests among all. */
export function errorsOf(sample: Sample): Count {
  return { requests: sample.requests, bad: sample.failed };
}
