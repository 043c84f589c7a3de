import type { ThresholdCheck } from '../plan.ts';
import type { Measured } from '../reason.ts';
import type { Finding } from '../rollout.ts';
import { type Comparison, errorShare, latencyQuantile, type Sample } from '../sample.ts';

/** What a check says about one target. */
export type Judgement = Pick<Finding, 'kind' | 'reason'>;

/**
 * Judges a plain limit. Beyond it, the candidate is only to blame if it is clearly worse than stable is at the same time:
 * what hits both sides is not its doing. With no traffic at stable there is nothing to compare with, and no blame.
 */
export function judgeThreshold(
  check: ThresholdCheck,
  target: string,
  comparison: Comparison | null,
): Judgement {
  const measured: Measured = {
    check: check.name,
    target,
    unit: check.measure.of === 'errors' ? 'share' : 'ms',
    candidate: comparison === null ? null : measure(check, comparison.candidate),
    stable: comparison === null ? null : measure(check, comparison.stable),
    max: check.max,
    requests: comparison?.candidate.requests ?? 0,
    failed: comparison?.candidate.failed ?? 0,
  };
  if (comparison === null || measured.candidate === null || measured.requests < check.minRequests) {
    const reason = { code: 'not-enough-evidence', ...measured, needed: check.minRequests } as const;
    return { kind: 'undecided', reason };
  }
  if (measured.candidate <= check.max) return { kind: 'pass', reason: { code: 'check-passed', ...measured } };
  if (measured.stable === null) return { kind: 'fail', reason: { code: 'check-failed-alone', ...measured } };
  const isWorse = isClearlyWorse(measured.candidate, measured.stable);
  return isWorse && (measured.unit === 'ms' || isNoChance(comparison.candidate, comparison.stable))
    ? { kind: 'fail', reason: { code: 'check-failed', ...measured } }
    : { kind: 'undecided', reason: { code: 'environment-unhealthy', ...measured } };
}

function measure(check: ThresholdCheck, sample: Sample): number | null {
  if (sample.requests === 0) return null;
  return check.measure.of === 'errors' ? errorShare(sample) : latencyQuantile(sample, check.measure.quantile);
}

/** By half at least. */
const CLEARLY_WORSE = 1.5;

function isClearlyWorse(candidate: number, stable: number): boolean {
  return candidate >= CLEARLY_WORSE * stable;
}

/** Standard errors of the difference of two shares that chance alone hardly ever reaches at one look. */
const HARDLY_CHANCE = 3;

/** A rule of thumb against the noise of small samples; repeated looks make it no guarantee. */
function isNoChance(candidate: Sample, stable: Sample): boolean {
  const pooled = (candidate.failed + stable.failed) / (candidate.requests + stable.requests);
  const variance = pooled * (1 - pooled) * (1 / candidate.requests + 1 / stable.requests);
  return errorShare(candidate) - errorShare(stable) >= HARDLY_CHANCE * Math.sqrt(variance);
}
