import type { Milliseconds } from '../../../core/time.ts';

/** How long a registry is waited for, and how often it is asked again. */
export interface Limits {
  /** Longest silence, while connecting as well as between two pieces of an answer. */
  readonly silence: Milliseconds;
  /** For a whole exchange of a small document, and what is granted a large one besides the time by its size. */
  readonly exchange: Milliseconds;
  /** What is sent or received on average, bytes a second, at the least. */
  readonly slowest: number;
  /** How often the same is asked in all. */
  readonly attempts: number;
  /** Before the second attempt; doubles each time. */
  readonly firstWait: Milliseconds;
  /** Longest wait between two attempts, also where the registry asks for more. */
  readonly longestWait: Milliseconds;
}

export const LIMITS: Limits = {
  silence: 20_000,
  exchange: 60_000,
  slowest: 32 * 1024,
  attempts: 4,
  firstWait: 500,
  longestWait: 30_000,
};

/** How long it may take to send or receive this many bytes. */
export function timeFor(bytes: number, { exchange, slowest }: Limits): Milliseconds {
  return exchange + Math.ceil((bytes / slowest) * 1_000);
}
