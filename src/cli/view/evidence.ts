import type { Difference } from '../../core/judging/difference.ts';
import type { Rollout } from '../../core/rollout.ts';
import { progressOf } from '../../core/analysis/assess.ts';
import { analysisSettings, assessment } from '../../core/judging/sequential.ts';
import { promotionLimit } from '../../core/analysis/settings.ts';
import { paint, table } from './format.ts';
import { wrapped } from './wrap.ts';

/** The evidence of a rollout as `--json` shows it; null where there is none. */
export function evidenceDocument(rollout: Rollout, known: readonly Difference[]) {
  const weighed = assessment(rollout);
  const settings = analysisSettings(rollout.plan);
  if (weighed === null || settings === null) return null;
  return {
    alpha: settings.alpha,
    logEvidence: weighed.against,
    logLimit: weighed.limit,
    towardsRollback: weighed.progress,
    measures: weighed.metrics.map(({ target, metric, weight, against, inFavour }) => ({
      target,
      measure: metric,
      weight,
      logEvidence: against,
      logEvidenceInFavour: inFavour,
      logLimitInFavour: promotionLimit(settings),
    })),
    differences: known,
  };
}

const BAR = 30;

/** How far the evidence is on the way to a rollback, by measure, and what is known of the difference. */
export function evidenceLines(rollout: Rollout, known: readonly Difference[]): readonly string[] {
  const weighed = assessment(rollout);
  const settings = analysisSettings(rollout.plan);
  if (weighed === null || settings === null) return [];
  const filled = Math.round(weighed.progress * BAR);
  const colour = weighed.progress >= 1 ? 'red' : weighed.suspicious ? 'yellow' : 'green';
  const bar = `${paint(colour, '█'.repeat(filled))}${paint('dim', '░'.repeat(BAR - filled))}`;
  const isEarly = (rollout.plan.analysis?.promoteEarly ?? null) !== null;
  const rows = weighed.metrics.map((measure) => [
    `    ${measure.metric}`,
    measure.target,
    `${percent(progressOf(measure, weighed))} of the way to rollback`,
    ...(isEarly ? [`${percent(measure.inFavour / promotionLimit(settings))} to an early promotion`] : []),
  ]);
  return [
    `  evidence  ${bar}  ${percent(weighed.progress)} of what a rollback takes`,
    paint('dim', table(rows)),
    ...known.map((difference) => paint('dim', `    ${wrapped(sayDifference(difference), 4)}`)),
  ];
}

function percent(share: number): string {
  return `${Math.round(100 * Math.min(1, Math.max(0, share)))} %`.padStart(5);
}

/** The difference in words. */
function sayDifference({ target, low, high }: Difference): string {
  const bounds =
    low <= -1 && high >= 1
      ? 'may differ by anything'
      : high >= 1
        ? `differs by ${points(low)} or more`
        : low <= -1
          ? `differs by ${points(high)} at the most`
          : `differs by ${points(low)} to ${points(high)}`;
  return `the candidate's share of failures on ${target} ${bounds} (95 %, at any time)`;
}

function points(share: number): string {
  const value = 100 * share;
  return `${value > 0 ? '+' : ''}${Number(value.toFixed(2))} points`;
}
