import type { Block } from '../analysis/count.ts';
import { countOf, type Peer, shareOf } from './peer.ts';

/** Seconds between two ticks and of the metric's window, failed checks that it takes, and the least share of successes. */
export interface FlaggerRule {
  readonly interval: number;
  readonly window: number;
  readonly threshold: number;
  readonly minimumSuccess: number;
}

/**
 * Flagger's analysis of the request success rate. Failed checks add up and are never forgotten; the rollback comes on the tick
 * after the one that reached the threshold; no traffic is a failed check. fluxcd/flagger, pkg/controller/scheduler.go.
 */
export function flagger(name: string, rule: FlaggerRule): Peer {
  return {
    name,
    rollsBack(seconds) {
      if (seconds.length % rule.interval !== 0) return false;
      let failedChecks = 0;
      for (let tick = rule.interval; tick < seconds.length; tick += rule.interval) {
        if (!isSuccess(seconds, tick, rule)) failedChecks += 1;
      }
      return failedChecks >= rule.threshold;
    },
  };
}

function isSuccess(seconds: readonly Block[], tick: number, rule: FlaggerRule): boolean {
  const bad = shareOf(countOf(seconds, 'candidate', tick - rule.window, tick));
  return bad !== null && 1 - bad >= rule.minimumSuccess;
}
