import { beginEvidence, type Evidence, type Interval, learn } from '../analysis/evidence.ts';
import type { AnalysisSettings } from '../analysis/settings.ts';
import { readingOf } from '../look.ts';
import type { Observation } from '../observation.ts';
import type { Question } from './question.ts';
import type { Rollout } from '../rollout.ts';
import { latencyQuantile, type Sample } from '../sample.ts';
import { ANALYSIS, analysisSettings, isOver } from './sequential.ts';
import type { Instant, Milliseconds } from '../time.ts';
import { canSplit } from '../wish.ts';

/** What the question for stable's past is called. */
const HISTORY = 'history';

/** How much of stable's past counts. */
const PAST: Milliseconds = 30 * 60_000;

/** What the analysis wants to know at `now`: stable's past before the candidate gets traffic, then what is new since it last heard. */
export function analysisQuestions(rollout: Rollout, now: Instant): readonly Question[] {
  const { kind } = rollout.phase;
  if (rollout.plan.analysis === null) return [];
  if (kind === 'preparing') {
    return splitTargets(rollout)
      .filter((target) => rollout.history[target] === undefined)
      .map((target) => ({ target, check: HISTORY, window: { from: now - PAST, to: now } }));
  }
  if (kind !== 'progressing' && kind !== 'held') return [];
  return splitTargets(rollout).flatMap((target): Question[] => {
    const from = heardUntil(rollout, target);
    return from === null || from >= now ? [] : [{ target, check: ANALYSIS, window: { from, to: now } }];
  });
}

function splitTargets(rollout: Rollout): readonly string[] {
  return rollout.plan.targets.map(({ name }) => name).filter((name) => canSplit(rollout, name));
}

/** From when on the target's counts are news; null while its traffic is not as wished, when there are none to judge by. */
function heardUntil(rollout: Rollout, target: string): Instant | null {
  const steadySince = rollout.targets?.[target]?.steadySince ?? null;
  if (steadySince === null) return null;
  const cursor = rollout.evidence?.targets[target]?.cursor ?? null;
  return Math.max(steadySince + settlingTime(rollout, target), cursor ?? 0);
}

/** No slow request is waited for longer than this before a new weight is judged. */
const LONGEST_SETTLING: Milliseconds = 10_000;

/**
 * After a change of weight the arm that gains begins its requests before it ends any, and would seem to answer too few: as
 * long as slow requests of stable take.
 */
function settlingTime({ plan, history }: Rollout, target: string): Milliseconds {
  const past = history[target];
  const slow = past === undefined ? null : latencyQuantile(past, 0.99);
  return Math.ceil((plan.analysis?.warmUp ?? 0) + Math.min(LONGEST_SETTLING, slow ?? 0));
}

/** What the analysis made of an observation. */
export interface Heard {
  readonly rollout: Rollout;
  /** The intervals that it judged. */
  readonly intervals: readonly Interval[];
}

/** Takes the counts of an observation into the evidence, each exactly once. `before`: the rollout before this turn. */
export function hearMetrics(before: Rollout, rollout: Rollout, observation: Observation): Heard {
  const settings = analysisSettings(rollout.plan);
  const { phase } = rollout;
  if (settings === null) return { rollout, intervals: [] };
  if (phase.kind === 'preparing') return { rollout: rememberPast(rollout, observation), intervals: [] };
  if (phase.kind !== 'progressing' && phase.kind !== 'held') return { rollout, intervals: [] };
  const weight = rollout.plan.steps[phase.step]?.weight ?? 0;
  const flush = isOver(rollout) && !isOver(before);
  let evidence = rollout.evidence ?? firstEvidence(rollout, settings);
  const intervals: Interval[] = [];
  for (const target of splitTargets(rollout)) {
    // Of a target that is not seen nobody knows how it split its traffic meanwhile: its guard may have fired.
    if (readingOf(observation, target) === null) continue;
    const reading = observation.samples[target]?.[ANALYSIS];
    if (reading?.kind !== 'ok' || reading.value === null || heardUntil(rollout, target) === null) continue;
    const { window, stable, candidate } = reading.value;
    const interval = { target, step: phase.step, weight, ...window, arms: { stable, candidate }, flush };
    const learnt = learn(evidence, settings, interval);
    if (learnt !== evidence) intervals.push(interval);
    evidence = learnt;
  }
  return { rollout: { ...rollout, evidence }, intervals };
}

function rememberPast(rollout: Rollout, observation: Observation): Rollout {
  const past = splitTargets(rollout).flatMap((target): [string, Sample][] => {
    const reading = observation.samples[target]?.[HISTORY];
    return reading?.kind === 'ok' && reading.value !== null ? [[target, reading.value.stable]] : [];
  });
  return past.length === 0
    ? rollout
    : { ...rollout, history: { ...rollout.history, ...Object.fromEntries(past) } };
}

/** The evidence before the first interval. */
export function firstEvidence(rollout: Rollout, settings: AnalysisSettings): Evidence {
  const histories = splitTargets(rollout).map((target) => [target, rollout.history[target] ?? null]);
  return beginEvidence(settings, Object.fromEntries(histories));
}
