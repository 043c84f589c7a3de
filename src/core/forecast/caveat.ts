import type { OnFailure } from '../plan.ts';
import { type Milliseconds, sayDuration } from '../time.ts';
import type { Percent } from '../traffic.ts';
import type { Cures } from './cure.ts';
import type { Course } from './course.ts';
import { sayCount, sayPercent } from './say.ts';

/** What a person should know about a plan before a rollout depends on it. Shares are from 0 to 1. */
export type Caveat =
  /** Not even a total failure is found in the step. */
  | {
      readonly code: 'blind';
      readonly weight: Percent;
      /** Requests to the candidate in the step, and how many a total failure takes; null if no number is enough. */
      readonly requests: number;
      readonly needed: number | null;
      /** Whether nothing is judged because the step is over before its metrics have come. */
      readonly isTooLate: boolean;
      readonly alpha: number;
      readonly course: Course;
      /** Whether the step ends after its time all the same. */
      readonly isOnTime: boolean;
      readonly cures: Cures;
    }
  /** A good release brings too little evidence. */
  | {
      readonly code: 'undecided';
      readonly weight: Percent;
      readonly mustFind: number;
      readonly course: Course;
      readonly cures: Cures;
    }
  /** What is promoted although it is worse. */
  | {
      readonly code: 'weak';
      readonly weight: Percent;
      readonly smallest: number;
      readonly stable: number;
    }
  /** Metrics that come late. */
  | {
      readonly code: 'late';
      readonly weight: Percent;
      readonly lag: Milliseconds;
      /** Requests that a total failure hits before it can be seen, and what it would be a second after. */
      readonly requests: number;
      readonly withinSecond: number;
    }
  /** So much traffic that differences are found which nobody minds. */
  | {
      readonly code: 'sensitive';
      readonly weight: Percent;
      readonly smallest: number;
      readonly stable: number;
    }
  /** Failures that count for less, as they come in clusters. */
  | { readonly code: 'clusters'; readonly factor: number }
  /** How many more slow requests are found. */
  | {
      readonly code: 'slow';
      readonly threshold: Milliseconds;
      readonly p99: Milliseconds;
      readonly share: number | null;
    }
  /** Nothing is rolled back for what the analysis finds. */
  | { readonly code: 'no-rollback'; readonly onFailure: OnFailure };

/** The caveat in whole sentences. */
export function sayCaveat(caveat: Caveat): string {
  switch (caveat.code) {
    case 'blind':
      return sayBlind(caveat);
    case 'undecided':
      return sayUndecided(caveat);
    case 'weak':
      return `Of releases that fail ${sayPercent(caveat.smallest)} of their requests, four in five are found (stable fails ${sayPercent(caveat.stable)}), most easily at ${caveat.weight} %. One that fails less than that will probably be promoted.`;
    case 'late':
      return `Metrics arrive ${sayDuration(caveat.lag)} late: at ${caveat.weight} %, a total failure hits about ${sayCount(caveat.requests)} requests before anybody can see it. If they came within a second, it would be ${sayCount(caveat.withinSecond)}.`;
    case 'sensitive':
      return `With so much traffic, a rise of failed requests from ${sayPercent(caveat.stable)} to ${sayPercent(caveat.smallest)} is enough to roll back. If such a difference does not matter to you, say so with \`analysis.maxIncrease\`.`;
    case 'clusters':
      return `Failures of this service come in clusters (overdispersion ${caveat.factor}), so each counts for less: it takes about ${caveat.factor} times as many to be sure. That is part of these figures.`;
    case 'slow':
      return caveat.share === null
        ? `Too few requests are judged to tell whether the candidate is slower, even if all of its requests take longer than ${sayDuration(caveat.threshold)}.`
        : `A slower release is found when ${sayPercent(caveat.share)} of its requests or more take longer than ${sayDuration(caveat.threshold)}, where 1 % of stable's take longer than ${sayDuration(caveat.p99)}.`;
    case 'no-rollback':
      return caveat.onFailure === 'report'
        ? 'The plan only reports what the analysis finds: nothing is rolled back for it. All that follows is about what would be found.'
        : 'The plan holds the rollout for a person when the analysis finds something, and does not roll it back: failures go on until somebody decides.';
    default:
      return caveat satisfies never;
  }
}

function sayBlind(caveat: Extract<Caveat, { code: 'blind' }>): string {
  const { isTooLate, course, isOnTime, cures } = caveat;
  const then = isOnTime
    ? 'The rollout goes on all the same, on the evidence of the steps before.'
    : `A good release proves nothing there: ${sayCourse(course)}.`;
  const help = isTooLate ? '' : ' Requests of your own while it runs help as well.';
  return `${sayBlindness(caveat)} ${then} ${sayCures(cures)}${help}`;
}

function sayBlindness(caveat: Extract<Caveat, { code: 'blind' }>): string {
  const { weight, requests, needed, isTooLate, alpha } = caveat;
  if (isTooLate) return `The step at ${weight} % is over before its metrics have come, so it finds nothing.`;
  if (needed === null) return `At ${weight} % nothing is found, as there is nothing to compare with.`;
  return `At ${weight} % about ${sayCount(requests)} requests of the candidate are judged. Even if every one of them fails, that is too little to tell it from chance often enough at ${sayPercent(alpha)} false rollbacks: it takes at least ${sayCount(needed)}.`;
}

function sayUndecided({ weight, mustFind, course, cures }: Extract<Caveat, { code: 'undecided' }>): string {
  return `At ${weight} % a good release does not prove itself in time: one that fails ${sayPercent(mustFind)} of its requests (\`analysis.mustFind\`) would be missed too often. So ${sayCourse(course)}. ${sayCures(cures)}`;
}

function sayCourse(course: Course): string {
  switch (course.kind) {
    case 'goes-on':
      return `the step is extended to ${sayDuration(course.after)}`;
    case 'goes-on-unproved':
      return `the rollout goes on after ${sayDuration(course.after)} all the same, as \`onInconclusive\` says`;
    case 'goes-back':
      return `it is taken back after ${sayDuration(course.after)}, as \`onInconclusive\` says`;
    case 'held':
      return course.until === null
        ? `it is held for a person after ${sayDuration(course.after)}, and given up if nobody decides`
        : `it is held for a person after ${sayDuration(course.after)}, and goes on by itself after about ${sayDuration(course.until)}`;
    default:
      return course satisfies never;
  }
}

function sayCures({ weight, hold }: Cures): string {
  const ways = [
    ...(weight === null ? [] : [`${weight} % of the traffic`]),
    ...(hold === null ? [] : [`a step of ${sayDuration(hold)}`]),
  ];
  return ways.length === 0
    ? 'Neither more weight nor more time would be enough.'
    : `Enough would be ${ways.join(', or ')}.`;
}
