import assert from 'node:assert/strict';
import type { Block } from '../src/core/analysis/count.ts';

/** A block of `bad` among `requests` of the candidate, and then of stable. */
export function block(requests: number, bad: number, stableRequests: number, stableBad: number): Block {
  return {
    candidate: { requests, bad },
    stable: { requests: stableRequests, bad: stableBad },
  };
}

/** Fails unless the numbers agree, relative to their size if they are large. */
export function close(actual: number, expected: number, tolerance: number = 1e-8): void {
  const error = Math.abs(actual - expected) / Math.max(1, Math.abs(expected));
  assert.ok(error < tolerance, `${actual}, expected ${expected}`);
}
