import type { Milliseconds, Window } from './time.ts';

/** The two sides of a comparison. */
export interface Arms<T> {
  readonly stable: T;
  readonly candidate: T;
}

/** Ratio of neighbouring latency edges. A tolerance of 10 % is then exactly one bucket. */
const EDGE_RATIO = 1.1;

/**
 * Upper edges of the latency buckets in milliseconds: 0.1 ms, then 10 % more each, up to about 75 s. Everything
 * slower falls into one last bucket beyond them. Edges are the same everywhere, so that counts add up.
 */
export const LATENCY_EDGES: readonly Milliseconds[] = Array.from(
  { length: 143 },
  (_, index) => 0.1 * EDGE_RATIO ** index,
);

/** Number of buckets of a latency histogram: one per edge, and one beyond the last. */
export const LATENCY_BUCKETS = LATENCY_EDGES.length + 1;

const LOG_RATIO = Math.log(EDGE_RATIO);

/** What stands for a latency beyond the last edge: a number, as endless does not survive JSON. */
export const BEYOND_EDGES: Milliseconds = 0.1 * EDGE_RATIO ** LATENCY_EDGES.length;

/** Index of the bucket that a latency belongs to; a bucket includes its upper edge. */
export function bucketOf(latency: Milliseconds): number {
  if (latency <= 0.1) return 0;
  const guess = Math.ceil(Math.log(latency / 0.1) / LOG_RATIO - 1e-9);
  return Math.min(guess, LATENCY_EDGES.length);
}

/** What one arm did in one window: requests counted when they end. */
export interface Sample {
  /** Requests that ended in the window, failed ones included. */
  readonly requests: number;
  /** Those that ended badly: status 5xx, timeout, connection error. */
  readonly failed: number;
  /** Latencies of those that ended well: `LATENCY_BUCKETS` counts. */
  readonly latency: readonly number[];
}

/** Both arms of one target over the same window; the window is what the source could really answer for. */
export interface Comparison extends Arms<Sample> {
  readonly window: Window;
}

/** Share of failed requests, 0 to 1; 0 without requests. */
export function errorShare(sample: Sample): number {
  return sample.requests === 0 ? 0 : sample.failed / sample.requests;
}

/**
 * The latency that a share `q` (0 to 1) of the requests that ended well does not exceed, as the upper edge of its
 * bucket. `BEYOND_EDGES` when the answer lies beyond the last edge, null without such requests.
 */
export function latencyQuantile(sample: Sample, q: number): Milliseconds | null {
  const answered = sample.requests - sample.failed;
  if (answered === 0) return null;
  const rank = Math.max(1, Math.ceil(q * answered));
  let seen = 0;
  for (const [index, count] of sample.latency.entries()) {
    seen += count;
    if (seen >= rank) return LATENCY_EDGES[index] ?? BEYOND_EDGES;
  }
  return BEYOND_EDGES;
}

/** The sum of several samples. */
export function addSamples(samples: readonly Sample[]): Sample {
  const latency = Array.from({ length: LATENCY_BUCKETS }, () => 0);
  let requests = 0;
  let failed = 0;
  for (const sample of samples) {
    requests += sample.requests;
    failed += sample.failed;
    for (const [index, count] of sample.latency.entries()) latency[index] = (latency[index] ?? 0) + count;
  }
  return { requests, failed, latency };
}
