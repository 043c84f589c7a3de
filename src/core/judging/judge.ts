import type { Observation, SampleReading } from '../observation.ts';
import type { Check, OnFailure } from '../plan.ts';
import type { Question } from './question.ts';
import type { Finding, Rollout } from '../rollout.ts';
import { analysisQuestions } from './hearing.ts';
import { ANALYSIS, analysisFindings } from './sequential.ts';
import { judgeThreshold, type Judgement } from './threshold.ts';
import type { Instant } from '../time.ts';
import { canSplit } from '../wish.ts';

/** What judging needs to know of the metrics at `now`. */
export function questions(rollout: Rollout, now: Instant): readonly Question[] {
  return [...analysisQuestions(rollout, now), ...checkQuestions(rollout, now)];
}

function checkQuestions(rollout: Rollout, now: Instant): readonly Question[] {
  if (rollout.phase.kind !== 'progressing' && rollout.phase.kind !== 'held') return [];
  return judgedTargets(rollout).flatMap(({ target, steadySince }) =>
    rollout.plan.checks.flatMap((check) => {
      const from = Math.max(steadySince, now - check.window);
      return from < now ? [{ target, check: check.name, window: { from, to: now } }] : [];
    }),
  );
}

/** The judgements of the analysis, and of every check on every target whose traffic is verified as wished. */
export function judge(rollout: Rollout, observation: Observation): readonly Finding[] {
  return [...analysisFindings(rollout), ...checkFindings(rollout, observation)];
}

function checkFindings(rollout: Rollout, observation: Observation): readonly Finding[] {
  return judgedTargets(rollout).flatMap(({ target }) =>
    rollout.plan.checks.map((check) => {
      const reading = observation.samples[target]?.[check.name];
      return { check: check.name, target, ...judgeCheck(check, target, reading) };
    }),
  );
}

/** What the plan says about a failed check. */
export function onFailureOf(rollout: Rollout, finding: Finding): OnFailure {
  // Stable breaks the promise as well: that is a matter for people, and no ground to blame the candidate.
  if (finding.reason.code === 'both-breach') return 'hold';
  if (finding.check === ANALYSIS) return rollout.plan.analysis?.onFailure ?? 'rollback';
  return rollout.plan.checks.find((check) => check.name === finding.check)?.onFailure ?? 'rollback';
}

function judgedTargets(rollout: Rollout): readonly { target: string; steadySince: Instant }[] {
  return rollout.plan.targets.flatMap(({ name }) => {
    const steadySince = rollout.targets?.[name]?.steadySince ?? null;
    return steadySince !== null && canSplit(rollout, name) ? [{ target: name, steadySince }] : [];
  });
}

function judgeCheck(check: Check, target: string, reading: SampleReading | undefined): Judgement {
  const comparison = reading?.kind === 'ok' ? reading.value : null;
  switch (check.kind) {
    case 'threshold':
      return judgeThreshold(check, target, comparison);
    default:
      return check.kind satisfies never;
  }
}
