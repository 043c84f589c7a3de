import { type AnalysisSettings, temperOf } from '../analysis/settings.ts';
import type { Caveat } from './caveat.ts';
import { isEnough } from './course.ts';
import { curesFor } from './cure.ts';
import { requestsToSeeOutage } from './detectable.ts';
import type { Step } from '../plan.ts';
import { finds } from './outlook.ts';
import { type Outset, sceneOf } from './outset.ts';
import type { Scene } from './scene.ts';
import { smallestSlowShare } from './slow.ts';
import type { Foretold } from './step-forecast.ts';
import { waysToRollback } from './trigger.ts';

/** What was found out of a plan. */
interface Findings {
  readonly outset: Outset;
  readonly settings: AnalysisSettings;
  readonly steps: readonly Foretold[];
}

/** What a person should know, the worst first. */
export function findCaveats(findings: Findings): readonly Caveat[] {
  return [
    ...noRollback(findings),
    ...findings.steps.flatMap((step) => blindOrUndecided(findings, step)),
    ...late(findings),
    ...weak(findings),
    ...sensitive(findings),
    ...slow(findings),
    ...clusters(findings),
  ];
}

function noRollback({ outset }: Findings): readonly Caveat[] {
  const onFailure = outset.plan.analysis?.onFailure ?? 'report';
  return onFailure === 'rollback' ? [] : [{ code: 'no-rollback', onFailure }];
}

function blindOrUndecided(
  { outset, settings }: Findings,
  { scene, before, forecast: { step, smallest, requests, course } }: Foretold,
): readonly Caveat[] {
  const { plan, seed } = outset;
  const { weight } = step;
  const isOnTime = course.kind === 'goes-on' && course.after <= step.hold;
  if (smallest === null) {
    const cures = curesFor(
      step,
      (other) => isProof(other) && finds(sceneOf(outset, settings, other), 1, seed),
    );
    const needed = neededForOutage(scene, weight / 100);
    const isTooLate = scene.judged === 0 && scene.settling < step.hold;
    const judged = { weight, requests: requests.candidate, needed, isTooLate };
    return [{ code: 'blind', ...judged, alpha: settings.alpha, course, isOnTime, cures }];
  }
  if (isOnTime) return [];
  const mustFind = plan.analysis?.mustFind ?? 1;
  return [{ code: 'undecided', weight, mustFind, course, cures: curesFor(step, isProof) }];

  function isProof(other: Step): boolean {
    return (
      plan.analysis?.onFailure === 'report' ||
      isEnough(plan, sceneOf(outset, settings, other), before, other.hold)
    );
  }
}

/** Requests to the candidates of all targets until a total failure is seen, in the way that takes the fewest. */
function neededForOutage({ settings, targets, stable }: Scene, share: number): number | null {
  const needed = waysToRollback(settings, targets).flatMap(({ trigger, part }) => {
    const requests = requestsToSeeOutage(trigger, share, stable);
    return requests === null ? [] : [requests / part];
  });
  return needed.length === 0 ? null : Math.min(...needed);
}

/** Metrics are late from here on. */
const LATE = 1_000;

function late({ outset, steps }: Findings): readonly Caveat[] {
  const { lag } = outset.freshness;
  const [first] = steps;
  if (first === undefined || lag <= LATE) return [];
  const perSecond = first.scene.requestsPerSecond.candidate;
  const requests = (perSecond * lag) / 1_000;
  const { weight } = first.forecast.step;
  return requests < 1 ? [] : [{ code: 'late', weight, lag, requests, withinSecond: perSecond }];
}

function weak({ outset, steps }: Findings): readonly Caveat[] {
  const best = bestOf(steps);
  return best === null ? [] : [{ code: 'weak', ...best, stable: outset.traffic.errorRate }];
}

/** A rise by less than this is more than most people want to know. */
const SMALL_RISE = 1.3;

function sensitive({ outset, settings, steps }: Findings): readonly Caveat[] {
  const best = bestOf(steps);
  const stable = outset.traffic.errorRate;
  if (best === null || settings.tolerance.offset > 0 || best.smallest > SMALL_RISE * stable) return [];
  return [{ code: 'sensitive', ...best, stable }];
}

/** The step that finds the smallest regression; null if none finds any. */
function bestOf(steps: readonly Foretold[]): { readonly weight: number; readonly smallest: number } | null {
  const able = steps.flatMap(({ forecast: { step, smallest } }) =>
    smallest === null ? [] : [{ weight: step.weight, smallest }],
  );
  return able.toSorted((a, b) => a.smallest - b.smallest)[0] ?? null;
}

function slow({ outset, settings, steps }: Findings): readonly Caveat[] {
  const { p99 } = outset.traffic;
  if (p99 === null || settings.weights.latency === 0) return [];
  const shares = steps.flatMap(({ scene }) => smallestSlowShare(scene) ?? []);
  const threshold = Math.max(p99 * (1 + settings.latencyMargin), p99 + settings.latencySlack);
  return [{ code: 'slow', threshold, p99, share: shares.length === 0 ? null : Math.min(...shares) }];
}

function clusters({ settings }: Findings): readonly Caveat[] {
  const temper = temperOf(settings.overdispersion.errors);
  return temper === 1 ? [] : [{ code: 'clusters', factor: 1 / temper }];
}
