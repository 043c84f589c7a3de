import type { Action } from '../decision.ts';
import { follows, readingOf } from '../look.ts';
import type { Observation, TargetReading } from '../observation.ts';
import { targetNames } from './progress.ts';
import { isStopped } from '../permission/recheck.ts';
import { type Release, sameRelease } from '../release.ts';
import type { Rollout } from '../rollout.ts';
import type { Instant } from '../time.ts';
import { sameTraffic, type Traffic } from '../traffic.ts';
import { guardHome, keptReleases, wishedTraffic } from '../wish.ts';

/** The guard is renewed when less than this share of its time is left, and trusted while more than half of that is. */
const RENEW_BELOW = 2 / 3;

/**
 * What has to be done so that the world becomes as the rollout wishes. Empty when it is so already, which is what ends
 * the repetition: there is no memory of what was tried before.
 */
export function neededActions(rollout: Rollout, observation: Observation, now: Instant): readonly Action[] {
  const { phase } = rollout;
  const isOver = phase.kind === 'ended' && phase.settled;
  if (phase.kind === 'gating' || isOver || rollout.targets === null || observation.overtaken) return [];
  return targetNames(rollout).flatMap((target) => {
    const wish = wishedTraffic(rollout, target);
    if (wish === null) return [];
    const reading = readingOf(observation, target);
    if (reading === null) return blindActions(rollout, target, wish);
    return [
      ...preparations(rollout, target, reading),
      ...guarding({ rollout, target, wish, reading, now }),
      ...shifting({ rollout, target, wish, reading, now }),
      ...retirements(rollout, target, reading),
      ...restorations(rollout, target, reading),
    ];
  });
}

interface Site {
  readonly rollout: Rollout;
  readonly target: string;
  readonly wish: Traffic;
  readonly reading: TargetReading;
  readonly now: Instant;
}

/** Unseen, the only thing worth trying is to get home. */
function blindActions(rollout: Rollout, target: string, wish: Traffic): readonly Action[] {
  return rollout.phase.kind === 'rolling-back' ? [{ kind: 'apply', target, traffic: wish }] : [];
}

function preparations(rollout: Rollout, target: string, reading: TargetReading): readonly Action[] {
  return keptReleases(rollout, target)
    .filter((release) => isNeeded(rollout, target, release) && instancesOf(reading, release) === null)
    .map((release) => ({ kind: 'prepare', target, release }));
}

/**
 * What the platform has given up on is prepared anew when none of it is left. Comes last: a target that refuses it takes no
 * more wishes in this turn.
 */
function restorations(rollout: Rollout, target: string, reading: TargetReading): readonly Action[] {
  return keptReleases(rollout, target)
    .filter((release) => isNeeded(rollout, target, release) && isGivenUp(reading, release))
    .map((release) => ({ kind: 'prepare', target, release }));
}

function isGivenUp({ running }: TargetReading, release: Release): boolean {
  return running.some((each) => sameRelease(each.release, release) && each.failed && each.healthy === 0);
}

/** The release that takes or may take traffic; one that is only kept warm is not started again. */
function isNeeded(rollout: Rollout, target: string, release: Release): boolean {
  const wish = wishedTraffic(rollout, target);
  return sameRelease(release, wish?.stable ?? null) || sameRelease(release, wish?.candidate ?? null);
}

function guarding({ rollout, target, wish, reading, now }: Site): readonly Action[] {
  const { armed } = reading.guard;
  if (rollout.phase.kind === 'ended' || rollout.phase.kind === 'rolling-back') {
    return armed !== null && follows(rollout, target, reading) ? [{ kind: 'disarm', target }] : [];
  }
  const needed = wish.weight > 0 || (rollout.phase.kind === 'promoting' && armed !== null);
  const deadline = now + rollout.plan.guardAfter;
  const place = guardHome(rollout, target);
  if (!needed || (armed !== null && sameTraffic(armed.home, place) && isFresh(armed.deadline))) return [];
  return [{ kind: 'arm', target, home: place, deadline }];

  /** Later than it would be set to now, it was set before the clock was set back. */
  function isFresh(present: Instant): boolean {
    return present > now + rollout.plan.guardAfter * RENEW_BELOW && present <= deadline;
  }
}

function shifting({ rollout, target, wish, reading, now }: Site): readonly Action[] {
  if (follows(rollout, target, reading)) return [];
  const apply: Action = { kind: 'apply', target, traffic: wish };
  const { armed } = reading.guard;
  if (wish.weight > 0) {
    const trusted = armed !== null && armed.deadline > now + (rollout.plan.guardAfter * RENEW_BELOW) / 2;
    const isReady =
      trusted &&
      sameTraffic(armed.home, guardHome(rollout, target)) &&
      isUp(reading, wish.candidate) &&
      !(isStopped(rollout) && isRise(reading.traffic, wish));
    return isReady ? [apply] : [];
  }
  if (
    rollout.phase.kind === 'promoting' &&
    armed !== null &&
    !sameTraffic(armed.home, guardHome(rollout, target))
  ) {
    return [];
  }
  const isServed =
    isUp(reading, reading.traffic.stable) ||
    (reading.traffic.weight > 0 && isUp(reading, reading.traffic.candidate));
  return wish.stable !== null && !isUp(reading, wish.stable) && isServed ? [] : [apply];
}

/** Whether it would bring the candidate more than the target gives it at present. */
function isRise(present: Traffic, { candidate, weight }: Traffic): boolean {
  if (sameRelease(present.stable, candidate)) return false;
  return !sameRelease(present.candidate, candidate) || present.weight < weight;
}

function retirements(rollout: Rollout, target: string, reading: TargetReading): readonly Action[] {
  if (!follows(rollout, target, reading)) return [];
  const kept = keptReleases(rollout, target);
  return reading.running
    .filter(({ release }) => !kept.some((keep) => sameRelease(keep, release)))
    .map(({ release }) => ({ kind: 'retire', target, release }));
}

function instancesOf(reading: TargetReading, release: Release | null): number | null {
  return reading.running.find((running) => sameRelease(running.release, release))?.healthy ?? null;
}

function isUp(reading: TargetReading, release: Release | null): boolean {
  return (instancesOf(reading, release) ?? 0) > 0;
}
