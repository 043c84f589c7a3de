import type { Observation, TargetReading } from '../../src/core/observation.ts';
import type { Reason } from '../../src/core/reason.ts';
import { type Release, sameRelease } from '../../src/core/release.ts';
import type { Phase, Rollout } from '../../src/core/rollout.ts';
import type { Milliseconds } from '../../src/core/time.ts';
import type { SimulatedTarget } from './simulated-target.ts';
import type { Witnessed } from './witness.ts';

type Report = (invariant: string, detail: string) => void;

/**
 * Watches every decision by what it was shown, and by what the targets really do:
 * - a step takes its time: that in which somebody saw all of the targets and their metrics;
 * - a step ends decided: every check has counted enough on every target that splits;
 * - what is down goes home: a candidate that is seen to be down while stable is up, or to be something else;
 * - counts are of one split: the weight did not change in the time in which they were counted;
 * - a rollback does not wait to see: what cannot be read is told to go home all the same;
 * - none is left behind: a promotion that takes too long is taken back;
 * - what has ended is so: where late writes are refused, all targets do what the verdict says.
 */
export function turnWatch(
  targets: readonly SimulatedTarget[],
  isFenced: boolean,
  report: Report,
): (witnessed: Witnessed) => void {
  const watched = new Map<string, Milliseconds>();
  const promoting = new Map<string, Milliseconds>();

  function checkTime({ before, seen, decision }: Witnessed): void {
    const { rollout: after } = decision;
    const isHeld = holdingStep(before.phase) !== null;
    const elapsed = after.lastTurnAt - before.lastTurnAt;
    const counted = isBlind(before, seen) ? 0 : Math.min(elapsed, 5 * before.plan.turnEvery);
    const time = isHeld ? (watched.get(before.id) ?? 0) + counted : 0;
    watched.set(before.id, time);
    const hold = before.plan.steps[holdingStep(before.phase) ?? -1]?.hold ?? 0;
    if (!reasonsOf(decision).some(({ code }) => code === 'step-done')) return;
    if (time < hold) report('a step takes its time', `${after.id} went on after ${time} of ${hold} ms`);
    for (const { target, name, requests, needed } of uncounted(before, seen)) {
      report('a step ends decided', `${after.id}: ${name} on ${target} counted ${requests} of ${needed}`);
    }
  }

  function checkPatience({ before, seen, decision }: Witnessed): void {
    const { rollout: after, actions } = decision;
    if (after.phase.kind === 'rolling-back') {
      for (const { name } of after.plan.targets) {
        const isTold = actions.some(({ kind, target }) => kind === 'apply' && target === name);
        if (readingOf(seen, name) !== null || isTold || seen.overtaken) continue;
        report('a rollback does not wait to see', `${after.id} lets ${name} be`);
      }
    }
    if (before.phase.kind !== 'promoting') return void promoting.delete(before.id);
    const elapsed = Math.min(after.lastTurnAt - before.lastTurnAt, 5 * before.plan.turnEvery);
    const time = (promoting.get(before.id) ?? 0) + elapsed;
    promoting.set(before.id, time);
    if (after.phase.kind === 'promoting' && time > before.plan.limits.follow) {
      report('none is left behind', `${after.id} has been promoting for ${time} ms`);
    }
  }

  function checkHealth({ before, seen, decision }: Witnessed): void {
    const isSplit = ['progressing', 'held', 'promoting'].includes(before.phase.kind);
    const goesOn = ['progressing', 'held', 'promoting'].includes(decision.rollout.phase.kind);
    if (!goesOn) return;
    for (const { name } of before.plan.targets) {
      const reading = readingOf(seen, name);
      if (reading === null) continue;
      const home = before.targets?.[name]?.home ?? null;
      const candidate = runningOf(reading, before.candidate);
      const isDown = (candidate?.healthy ?? 0) === 0 && (runningOf(reading, home)?.healthy ?? 0) > 0;
      const isOther = candidate !== null && candidate.digest !== before.candidate.digest;
      if (sameRelease(home, before.candidate) || (isSplit && home === null)) continue;
      if (isSplit && isDown) report('what is down goes home', `${before.id} goes on at ${name}`);
      if (isOther) report('what is down goes home', `${before.id} goes on with ${candidate.digest}`);
    }
  }

  function checkCounts({ before, seen }: Witnessed): void {
    if (before.phase.kind !== 'progressing' && before.phase.kind !== 'held') return;
    const weight = before.plan.steps[before.phase.step]?.weight;
    for (const target of targets) {
      const reading = readingOf(seen, target.name);
      const changedAt = target.changedAt();
      // Counts of a target that has drifted are asked for, but not used.
      if (reading?.traffic !== target.traffic() || reading.traffic.weight !== weight) continue;
      for (const sample of Object.values(seen.samples[target.name] ?? {})) {
        if (sample.kind !== 'ok' || sample.value === null) continue;
        const { from, to } = sample.value.window;
        if (from < changedAt && changedAt < to) {
          report('counts are of one split', `${target.name}: ${from} to ${to}, changed at ${changedAt}`);
        }
      }
    }
  }

  function checkEnding({ before, decision }: Witnessed): void {
    const { phase, candidate } = decision.rollout;
    const hasActed = before.phase.kind === 'promoting' || before.phase.kind === 'rolling-back';
    if (phase.kind !== 'ended' || !hasActed) return;
    for (const { name, traffic } of targets) {
      const { stable, weight } = traffic();
      const home = before.targets?.[name]?.home ?? null;
      const wanted = phase.verdict.kind === 'promoted' ? candidate : home;
      if (weight === 0 && sameRelease(stable, wanted)) continue;
      report('what has ended is so', `${before.id} is ${phase.verdict.kind}, and ${name} at ${weight} %`);
    }
  }

  return (witnessed) => {
    checkTime(witnessed);
    checkHealth(witnessed);
    checkPatience(witnessed);
    if (!isFenced) return;
    checkCounts(witnessed);
    checkEnding(witnessed);
  };
}

function holdingStep(phase: Phase): number | null {
  return phase.kind === 'progressing' && phase.stage === 'holding' ? phase.step : null;
}

function isBlind({ plan }: Rollout, { targets, samples }: Observation): boolean {
  return plan.targets.some(({ name }) => {
    const isUnmeasured = Object.values(samples[name] ?? {}).some(({ kind }) => kind === 'outage');
    return targets[name]?.kind !== 'ok' || isUnmeasured;
  });
}

function uncounted({ plan, targets, candidate }: Rollout, { samples }: Observation) {
  const splitting = plan.targets.filter(({ name }) => {
    const home = targets?.[name]?.home ?? null;
    return home !== null && !sameRelease(home, candidate);
  });
  return splitting.flatMap(({ name: target }) =>
    plan.checks.flatMap(({ name, minRequests: needed }) => {
      const reading = samples[target]?.[name];
      const requests = reading?.kind === 'ok' ? (reading.value?.candidate.requests ?? 0) : 0;
      return requests < needed ? [{ target, name, requests, needed }] : [];
    }),
  );
}

function reasonsOf({ entries }: Witnessed['decision']): readonly Reason[] {
  return entries.flatMap((entry) => (entry.kind === 'moved' ? entry.because : []));
}

function readingOf({ targets }: Observation, name: string): TargetReading | null {
  const reading = targets[name];
  return reading?.kind === 'ok' ? reading.value : null;
}

function runningOf({ running }: TargetReading, release: Release | null) {
  return running.find((each) => sameRelease(each.release, release)) ?? null;
}
