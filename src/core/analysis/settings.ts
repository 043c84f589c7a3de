import type { Step } from '../plan.ts';
import type { Milliseconds } from '../time.ts';
import type { Onsets } from './onset.ts';

/** What the analysis judges: failures against stable's, failures against a limit, latency, and whether traffic arrives. */
export type Metric = 'errors' | 'slo' | 'latency' | 'traffic';

/** The rules of the analysis of one rollout. Fixed at its start. */
export interface AnalysisSettings {
  /** The largest chance ever to roll back a candidate that is not worse: over all looks, metrics, targets and steps. */
  readonly alpha: number;
  /** The largest chance per step to promote early a candidate that is worse by the promotion's margin. */
  readonly beta: number;
  /** How much worse is still well: the candidate's error share may be up to `offset + slope` times stable's. */
  readonly tolerance: { readonly offset: number; readonly slope: number };
  /** How much slower is still well, as a share: 0.1 allows the candidate 10 % more time. */
  readonly latencyMargin: number;
  /** How much slower is still well whatever stable does: differences that nobody notices. */
  readonly latencySlack: Milliseconds;
  /** Limits on the candidate alone; null without. A latency becomes one more threshold to compare at. */
  readonly slo: { readonly errors: number | null; readonly latency: Milliseconds | null };
  readonly promotion: {
    /** Excess of the share of bad requests that evidence must rule out. */
    readonly margin: number;
    /** The shortest time at a weight before evidence may end a step early. */
    readonly minimumHold: Milliseconds;
  };
  /** How much more than by chance bad requests cluster, as `overdispersion` measures it; null where it was not measured. */
  readonly overdispersion: { readonly errors: number | null; readonly latency: number | null };
  /** Whether no single block may bring more than half of the evidence for a rollback; blocks then last a second at least. */
  readonly cap: boolean;
  /** Shares of the evidence. What weighs 0 is not judged. With a limit on errors, that takes three tenths of the errors' share. */
  readonly weights: { readonly errors: number; readonly latency: number; readonly traffic: number };
  readonly onsets: Onsets;
  /** A block is judged when it has both so many requests of both arms together and so much time. */
  readonly block: { readonly minimumRequests: number; readonly minimumTime: Milliseconds };
}

/** The usual settings for a rollout of these steps. */
export function usualSettings(steps: readonly Step[]): AnalysisSettings {
  return {
    alpha: 0.01,
    beta: 0.05,
    tolerance: { offset: 0, slope: 1 },
    latencyMargin: 0.1,
    latencySlack: 0,
    slo: { errors: null, latency: null },
    promotion: { margin: 0.005, minimumHold: 60_000 },
    overdispersion: { errors: null, latency: null },
    cap: false,
    weights: { errors: 0.5, latency: 0.3, traffic: 0.2 },
    onsets: {
      every: 15_000,
      horizon: steps.reduce((sum, step) => sum + step.hold, 0),
      steps: steps.length,
      mass: 0.2,
    },
    block: { minimumRequests: 20, minimumTime: 0 },
  };
}

const METRICS: readonly Metric[] = ['errors', 'slo', 'latency', 'traffic'];

/** The limit's part of the errors' share of the evidence. */
const SLO_PART = 0.3;

/** What is judged, and each metric's share of the evidence; the shares add up to 1. */
export function metricWeights(
  settings: AnalysisSettings,
): readonly { readonly metric: Metric; readonly weight: number }[] {
  const { errors, latency, traffic } = settings.weights;
  const sum = errors + latency + traffic;
  const slo = settings.slo.errors === null ? 0 : SLO_PART * errors;
  const shares: Readonly<Record<Metric, number>> = { errors: errors - slo, slo, latency, traffic };
  return METRICS.flatMap((metric) => (shares[metric] > 0 ? [{ metric, weight: shares[metric] / sum }] : []));
}

/** log evidence at which a rollout is rolled back. */
export function rollbackLimit(settings: AnalysisSettings): number {
  return -Math.log(settings.alpha);
}

/** log evidence at which a metric speaks for promotion. */
export function promotionLimit(settings: AnalysisSettings): number {
  return -Math.log(settings.beta);
}

/** What a single block may add to the evidence against the candidate at most, in nats; null without such a limit. */
export function blockCap(settings: AnalysisSettings): number | null {
  return settings.cap ? rollbackLimit(settings) / 2 : null;
}

/** The least duration of a block. */
export function leastBlockTime(settings: AnalysisSettings): Milliseconds {
  return settings.cap ? Math.max(1_000, settings.block.minimumTime) : settings.block.minimumTime;
}

/** Clusters below this are taken for chance. */
const NO_CLUSTERS = 1.25;

/** Power to which e-values are raised, so that requests that go bad in clusters count as one: 1 without clusters. */
export function temperOf(overdispersion: number | null): number {
  return overdispersion !== null && overdispersion > NO_CLUSTERS ? 1 / overdispersion : 1;
}
