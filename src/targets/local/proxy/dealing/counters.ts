import { bucketOf, LATENCY_BUCKETS, type Sample } from '../../../../core/sample.ts';
import type { Instant, Milliseconds, Window } from '../../../../core/time.ts';

/** Length of the finest slice of time that is counted. */
export const SLICE: Milliseconds = 100;
/** Slices older than this are merged into whole seconds. */
const FINE_FOR: Milliseconds = 120_000;
const SECOND: Milliseconds = 1_000;
/** Counts older than this are forgotten. */
const KEPT_FOR: Milliseconds = 30 * 60_000;

/** How one request to a release ended. */
export interface Ending {
  readonly failed: boolean;
  readonly latency: Milliseconds;
}

/** What each release did, in slices of time, by its digest. */
export interface Counters {
  record(digest: string, ending: Ending): void;
  /** Counts of a release in those slices that lie in the window as a whole. */
  between(digest: string, window: Window): Sample;
  /** The end of the last slice that can get no more counts. */
  completeUntil(): Instant;
}

interface Slice {
  readonly from: Instant;
  readonly length: Milliseconds;
  readonly counts: Map<string, Count>;
}

interface Count {
  requests: number;
  failed: number;
  readonly latency: Uint32Array;
}

/** Counts by the clock that is passed in. */
export function counters(now: () => Instant): Counters {
  /** Oldest first. The last one is being filled. */
  const slices: Slice[] = [];
  /** Index of the first slice that is still fine. */
  let fineFrom = 0;

  function current(): Slice {
    const from = Math.floor(now() / SLICE) * SLICE;
    const last = slices.at(-1);
    if (last !== undefined && last.from >= from) return last;
    const slice: Slice = { from, length: SLICE, counts: new Map() };
    slices.push(slice);
    age(from);
    return slice;
  }

  /** Merges what has become old and drops what has become useless. */
  function age(at: Instant): void {
    for (;;) {
      const slice = slices[fineFrom];
      if (slice === undefined || slice.from >= at - FINE_FOR) break;
      const second = slices[fineFrom - 1];
      if (second !== undefined && Math.floor(second.from / SECOND) === Math.floor(slice.from / SECOND)) {
        mergeInto(second, slice);
        slices.splice(fineFrom, 1);
      } else {
        const from = Math.floor(slice.from / SECOND) * SECOND;
        slices[fineFrom] = { from, length: SECOND, counts: slice.counts };
        fineFrom += 1;
      }
    }
    while ((slices[0]?.from ?? at) < at - KEPT_FOR) {
      slices.shift();
      fineFrom -= 1;
    }
  }

  return {
    record(digest, { failed, latency }) {
      const { counts } = current();
      const count = counts.get(digest) ?? emptyCount();
      counts.set(digest, count);
      count.requests += 1;
      if (failed) count.failed += 1;
      else {
        const bucket = bucketOf(latency);
        count.latency[bucket] = (count.latency[bucket] ?? 0) + 1;
      }
    },
    between(digest, { from, to }) {
      const sum = emptyCount();
      for (let index = slices.length - 1; index >= 0; index -= 1) {
        const slice = slices[index];
        if (slice === undefined || slice.from < from) break;
        const count = slice.counts.get(digest);
        if (count !== undefined && slice.from + slice.length <= to) addTo(sum, count);
      }
      return { ...sum, latency: Array.from(sum.latency) };
    },
    completeUntil: () => Math.floor(now() / SLICE) * SLICE,
  };
}

function emptyCount(): Count {
  return { requests: 0, failed: 0, latency: new Uint32Array(LATENCY_BUCKETS) };
}

function mergeInto(second: Slice, slice: Slice): void {
  for (const [digest, count] of slice.counts) {
    const sum = second.counts.get(digest) ?? emptyCount();
    second.counts.set(digest, sum);
    addTo(sum, count);
  }
}

function addTo(sum: Count, count: Count): void {
  sum.requests += count.requests;
  sum.failed += count.failed;
  for (let bucket = 0; bucket < LATENCY_BUCKETS; bucket += 1) {
    sum.latency[bucket] = (sum.latency[bucket] ?? 0) + (count.latency[bucket] ?? 0);
  }
}
