import { lookForVerdict } from './attestation.ts';
import type { Observation, Running, TargetReading } from './observation.ts';
import { isStopped, lookAgain } from './permission/recheck.ts';
import { type Release, sameRelease } from './release.ts';
import type { Phase, Rollout, TargetState } from './rollout.ts';
import type { Instant, Milliseconds } from './time.ts';
import { isOlder, sameTraffic } from './traffic.ts';
import { wishedTraffic } from './wish.ts';

/**
 * Takes an observation into the rollout's memory: what the targets do, and for how long it has been watched. Judges and
 * decides nothing.
 */
export function look(rollout: Rollout, observation: Observation, now: Instant): Rollout {
  const elapsed = watchedSince(rollout, now);
  const targets = lookAtTargets(rollout, observation, now, elapsed);
  const seen: Rollout = {
    ...rollout,
    targets,
    recheck: lookAgain(rollout, observation, now),
    attestation: lookForVerdict(rollout, observation, now),
    lastTurnAt: now,
  };
  return { ...seen, phase: watch(seen, elapsed) };
}

/** The reading of a target, or null while it has none. */
export function readingOf(observation: Observation, target: string): TargetReading | null {
  const reading = observation.targets[target];
  return reading?.kind === 'ok' ? reading.value : null;
}

/** How the candidate runs on the target, or null when it does not or that is unknown. */
export function runningCandidate(rollout: Rollout, observation: Observation, target: string): Running | null {
  const reading = readingOf(observation, target);
  return reading?.running.find((running) => sameRelease(running.release, rollout.candidate)) ?? null;
}

/** Whether the target really does what the rollout wishes, and has taken the latest wish. */
export function follows(rollout: Rollout, target: string, reading: TargetReading): boolean {
  const wish = wishedTraffic(rollout, target);
  if (wish === null || !sameTraffic(wish, reading.traffic) || reading.fence === null) return false;
  return !isOlder(reading.fence, { sequence: rollout.sequence, revision: rollout.wishedAt });
}

/** Time since the last turn that counts as watched: after a gap in which nobody looked, only a little of it does. */
function watchedSince(rollout: Rollout, now: Instant): Milliseconds {
  return Math.min(now - rollout.lastTurnAt, 5 * rollout.plan.turnEvery);
}

function lookAtTargets(
  rollout: Rollout,
  observation: Observation,
  now: Instant,
  elapsed: Milliseconds,
): Rollout['targets'] {
  if (rollout.targets === null) return firstLook(rollout, observation);
  return Object.fromEntries(
    Object.entries(rollout.targets).map(([name, state]) => [
      name,
      lookAtTarget({ rollout, observation, now, elapsed }, name, state),
    ]),
  );
}

/** Notes what is stable, once every target can be read. */
function firstLook(rollout: Rollout, observation: Observation): Rollout['targets'] {
  const states: Record<string, TargetState> = {};
  for (const { name } of rollout.plan.targets) {
    const reading = readingOf(observation, name);
    if (reading === null) return null;
    states[name] = {
      home: reading.traffic.stable,
      homeTrouble: troubleOf(reading.traffic.stable, reading),
      steadySince: null,
      outage: null,
      refusal: null,
      guardFiredAt: reading.guard.firedAt,
      ran: null,
    };
  }
  return states;
}

interface Look {
  readonly rollout: Rollout;
  readonly observation: Observation;
  readonly now: Instant;
  readonly elapsed: Milliseconds;
}

function lookAtTarget(
  { rollout, observation, now, elapsed }: Look,
  name: string,
  state: TargetState,
): TargetState {
  const reading = readingOf(observation, name);
  const error = errorOf(observation, name);
  const outage = error === null ? null : { watched: (state.outage?.watched ?? 0) + elapsed, error };
  const refusal = observation.refusals[name] ?? null;
  if (reading === null) return { ...state, outage, refusal };
  // Until it begins, another rollout may yet be taken back, and change what is stable.
  const home = rollout.phase.kind === 'gating' ? reading.traffic.stable : state.home;
  return {
    home,
    homeTrouble: troubleOf(home, reading),
    refusal,
    steadySince: follows(rollout, name, reading) ? (state.steadySince ?? now) : null,
    outage,
    guardFiredAt: reading.guard.firedAt,
    ...readBack({ rollout, observation, now }, name, state),
  };
}

function troubleOf(home: Release | null, { running }: TargetReading): string | null {
  const found = running.find(({ release }) => sameRelease(release, home));
  if (found === undefined || !found.failed) return null;
  const { healthy, wanted, trouble } = found;
  return `${healthy} of ${wanted} instances are healthy: ${trouble ?? 'no reason given'}`;
}

/** What runs after the end is no longer what the rollout has to answer for. */
function readBack(
  { rollout, observation, now }: Pick<Look, 'rollout' | 'observation' | 'now'>,
  name: string,
  { ran }: TargetState,
): Pick<TargetState, 'ran'> {
  if (rollout.phase.kind === 'ended') return ran === undefined ? {} : { ran };
  const running = runningCandidate(rollout, observation, name);
  return { ran: running === null ? (ran ?? null) : { digest: running.digest, at: now } };
}

function errorOf(observation: Observation, name: string): string | null {
  const target = observation.targets[name];
  if (target?.kind !== 'ok') return target?.error ?? 'not read';
  for (const sample of Object.values(observation.samples[name] ?? {})) {
    if (sample.kind === 'outage') return `metrics: ${sample.error}`;
  }
  return null;
}

/**
 * While traffic is split, time in which a target or its metrics could not be read does not count; nor does time in which a
 * target is given no more traffic because the evidence is not good any more, or in which a person keeps a held rollout
 * paused.
 */
function watch(rollout: Rollout, elapsed: Milliseconds): Phase {
  const { phase, targets, paused } = rollout;
  if (phase.kind === 'ended') return phase;
  const split = phase.kind === 'progressing' || phase.kind === 'held';
  const blind = Object.values(targets ?? {}).some((target) => target.outage !== null);
  const stopped = phase.kind === 'progressing' && phase.stage === 'moving' && isStopped(rollout);
  const isKept = phase.kind === 'held' && paused !== null;
  return (split && blind) || stopped || isKept ? phase : { ...phase, watched: phase.watched + elapsed };
}
