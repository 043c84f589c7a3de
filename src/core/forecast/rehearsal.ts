import { decide } from '../decide.ts';
import type { Action } from '../decision.ts';
import { questions } from '../judging/judge.ts';
import type { Observation, Running, SampleReading, TargetReading } from '../observation.ts';
import type { Plan } from '../plan.ts';
import type { Random } from '../random.ts';
import type { Release } from '../release.ts';
import { beginRollout, isActive, type Rollout, type VerdictKind } from '../rollout.ts';
import { addSamples, type Arms, type Sample } from '../sample.ts';
import { home } from '../traffic.ts';
import type { Instant, Milliseconds, Window } from '../time.ts';
import { type ImaginedTraffic, imaginedArms, imaginedSample } from './traffic.ts';

/** How a rollout on an imagined target ended. */
export interface Rehearsal {
  /** `held`: it waited for a person. */
  readonly end: VerdictKind | 'held';
  /** From the first request to the candidate to the end. */
  readonly took: Milliseconds;
  /** Requests that the candidate got, and how many of them failed. */
  readonly candidate: { readonly requests: number; readonly failed: number };
}

const LONGEST: Milliseconds = 24 * 3_600_000;
/** How much of stable's past is known at the start. */
const PAST: Milliseconds = 300_000;

/**
 * Turns a plan every `tick` on imagined targets that do at once what they are told, by the very decisions of a real rollout.
 * Users are divided evenly among the targets.
 */
export function rehearse(
  plan: Plan,
  traffic: ImaginedTraffic,
  tick: Milliseconds,
  random: Random,
): Rehearsal {
  const targets = plan.targets.map(({ name }) =>
    imaginedTarget(
      name,
      { ...traffic, requestsPerSecond: traffic.requestsPerSecond / plan.targets.length },
      tick,
      random,
    ),
  );
  const rules: Plan = { ...plan, smoke: [], turnEvery: tick, quarantine: 0, rollbackWindow: 0 };
  let now: Instant = PAST;
  let began: Instant | null = null;
  let rollout: Rollout = beginRollout(
    {
      service: 'imagined',
      environment: 'imagined',
      plan: rules,
      candidate: CANDIDATE,
      requestedBy: 'forecast',
    },
    1,
    now,
  );
  while (isActive(rollout) && rollout.phase.kind !== 'held' && now < LONGEST) {
    const decision = decide(rollout, observe(rollout, targets, now), now);
    rollout = decision.rollout;
    for (const target of targets) {
      for (const action of decision.actions) if (action.target === target.name) target.obey(action, rollout);
    }
    if (targets.some((target) => target.reading().traffic.weight > 0)) began ??= now;
    // A change of phase is followed by a turn at once, as the engine does it.
    if (decision.wakeAt !== null && decision.wakeAt <= now) continue;
    now += tick;
    for (const target of targets) target.serve(now);
  }
  const counts = targets.map((target) => target.toCandidate());
  return {
    end: rollout.phase.kind === 'ended' ? rollout.phase.verdict.kind : 'held',
    took: now - (began ?? now),
    candidate: {
      requests: counts.reduce((sum, { requests }) => sum + requests, 0),
      failed: counts.reduce((sum, { failed }) => sum + failed, 0),
    },
  };
}

const CANDIDATE = imaginedRelease('candidate');
const STABLE = imaginedRelease('stable');

function imaginedRelease(name: string): Release {
  return { name, digest: name, artifact: { kind: 'command', command: [name], env: {}, cwd: '/' } };
}

interface ImaginedTarget {
  readonly name: string;
  reading(): TargetReading;
  obey(action: Action, rollout: Rollout): void;
  /** Serves the users who come until `now`. */
  serve(now: Instant): void;
  counts(window: Window): Arms<Sample>;
  /** What the candidate got while there was a stable beside it. */
  toCandidate(): Sample;
}

function imaginedTarget(
  name: string,
  traffic: ImaginedTraffic,
  tick: Milliseconds,
  random: Random,
): ImaginedTarget {
  const before = Math.round((PAST / 1_000) * traffic.requestsPerSecond);
  const past = imaginedSample(before, traffic.errorRates.stable, random);
  const served: { readonly to: Instant; readonly arms: Arms<Sample> }[] = [];
  let reading: TargetReading = {
    traffic: home(STABLE),
    fence: null,
    running: [running(STABLE)],
    guard: { armed: null, firedAt: null },
  };
  return {
    name,
    reading: () => reading,
    obey(action, { sequence, revision }) {
      reading = { ...carryOut(reading, action), fence: { sequence, revision } };
    },
    serve(now) {
      const { weight } = reading.traffic;
      if (weight > 0) served.push({ to: now, arms: imaginedArms(traffic, weight, tick, random) });
    },
    counts({ from, to }) {
      const inside = served.filter((slice) => slice.to - tick >= from && slice.to <= to);
      const stable = inside.map(({ arms }) => arms.stable);
      return {
        stable: addSamples(from < PAST ? [past, ...stable] : stable),
        candidate: addSamples(inside.map(({ arms }) => arms.candidate)),
      };
    },
    toCandidate: () => addSamples(served.map(({ arms }) => arms.candidate)),
  };
}

function running(release: Release): Running {
  return { release, digest: release.digest, wanted: 1, healthy: 1, trouble: null, failed: false };
}

function carryOut(reading: TargetReading, action: Action): TargetReading {
  switch (action.kind) {
    case 'prepare':
      return { ...reading, running: [...reading.running, running(action.release)] };
    case 'retire':
      return {
        ...reading,
        running: reading.running.filter(({ digest }) => digest !== action.release.digest),
      };
    case 'apply':
      return { ...reading, traffic: action.traffic };
    case 'arm':
      return {
        ...reading,
        guard: { ...reading.guard, armed: { home: action.home, deadline: action.deadline } },
      };
    case 'disarm':
      return { ...reading, guard: { ...reading.guard, armed: null } };
    default:
      return action satisfies never;
  }
}

function observe(rollout: Rollout, targets: readonly ImaginedTarget[], now: Instant): Observation {
  const asked = questions(rollout, now);
  const samples = targets.map((target) => {
    const answers = asked
      .filter((question) => question.target === target.name)
      .map(({ check, window }): [string, SampleReading] => [
        check,
        { kind: 'ok', value: { window, ...target.counts(window) } },
      ]);
    return [target.name, Object.fromEntries(answers)] as const;
  });
  return {
    targets: Object.fromEntries(
      targets.map((target) => [target.name, { kind: 'ok', value: target.reading() }]),
    ),
    samples: Object.fromEntries(samples),
    smoke: Object.fromEntries(targets.map(({ name }) => [name, { kind: 'passed' }])),
    refusals: {},
    gates: [{ gate: 'turn', kind: 'open' }],
    verdict: null,
    commands: [],
    overtaken: false,
  };
}
