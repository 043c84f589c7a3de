import { nameOf, type Release, sameRelease } from './release.ts';
import type { Instant } from './time.ts';

/** Percent of traffic, 0 to 100. */
export type Percent = number;

/** How one target splits its traffic: `weight` percent to the candidate, the rest to stable. */
export interface Traffic {
  readonly stable: Release | null;
  readonly candidate: Release | null;
  readonly weight: Percent;
  /**
   * An older release that stays warm for a fast way back until `until`. A wish to the target and no part of the
   * split: a target that can, lets go of it by itself then; for the others the rollout retires it.
   */
  readonly spare?: { readonly release: Release; readonly until: Instant };
}

/** Everything to stable, no candidate. */
export function home(stable: Release | null): Traffic {
  return { stable, candidate: null, weight: 0 };
}

/** Whether both split traffic in the same way. At weight 0 it does not matter who would be the candidate. */
export function sameTraffic(a: Traffic, b: Traffic): boolean {
  if (a.weight !== b.weight || !sameRelease(a.stable, b.stable)) return false;
  return a.weight === 0 || sameRelease(a.candidate, b.candidate);
}

/** The split in words: `90 % 1.0.0, 10 % 1.1.0`. */
export function sayTraffic(traffic: Traffic): string {
  if (traffic.candidate === null || traffic.weight === 0) return `100 % ${nameOf(traffic.stable)}`;
  return `${100 - traffic.weight} % ${nameOf(traffic.stable)}, ${traffic.weight} % ${nameOf(traffic.candidate)}`;
}

/**
 * The order of all writes to the targets of one service and environment: first by the rollout's sequence number, then
 * by the revision of its state. A write whose fence is older than one already seen is refused.
 */
export interface Fence {
  readonly sequence: number;
  readonly revision: number;
}

/** Whether `a` was issued before `b`. */
export function isOlder(a: Fence, b: Fence): boolean {
  return a.sequence !== b.sequence ? a.sequence < b.sequence : a.revision < b.revision;
}
