import { countOf, type Peer, shareOf } from './peer.ts';

/** Seconds between two measurements and of the metric's window, how many there are, and how many may fail. */
export interface AnalysisRunRule {
  readonly interval: number;
  readonly window: number;
  readonly count: number;
  readonly failureLimit: number;
  readonly minimumSuccess: number;
}

/**
 * An AnalysisRun of Argo Rollouts with `successCondition: result[0] >= minimumSuccess`. It fails, and the rollout aborts, as soon
 * as more measurements failed than the limit allows; without requests the measurement is not a number, hence failed. The
 * first one comes after one interval. argoproj/argo-rollouts, analysis/analysis.go.
 */
export function argoRollouts(name: string, rule: AnalysisRunRule): Peer {
  return {
    name,
    rollsBack(seconds) {
      if (seconds.length % rule.interval !== 0) return false;
      let failures = 0;
      const last = Math.min(seconds.length, rule.count * rule.interval);
      for (let at = rule.interval; at <= last; at += rule.interval) {
        const bad = shareOf(countOf(seconds, 'candidate', at - rule.window, at));
        if (bad === null || 1 - bad < rule.minimumSuccess) failures += 1;
      }
      return failures > rule.failureLimit;
    },
  };
}
