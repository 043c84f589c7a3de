import type { Block, Count } from '../analysis/count.ts';

/**
 * How another tool judges a candidate by its errors, for comparison on the same traffic. Metrics reach it without delay, which
 * is kinder than life.
 */
export interface Peer {
  readonly name: string;
  /** Whether it rolls back now, given both arms' counts of every second since the start, the newest last. */
  readonly rollsBack: (seconds: readonly Block[]) => boolean;
}

/** Sum of one arm's counts over the seconds from `from` to before `to`. */
export function countOf(seconds: readonly Block[], arm: keyof Block, from: number, to: number): Count {
  let requests = 0;
  let bad = 0;
  for (const second of seconds.slice(Math.max(0, from), to)) {
    requests += second[arm].requests;
    bad += second[arm].bad;
  }
  return { requests, bad };
}

/** Share of bad requests, 0 to 1; null without requests. */
export function shareOf({ requests, bad }: Count): number | null {
  return requests === 0 ? null : bad / requests;
}
