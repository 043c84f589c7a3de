import type { Admission } from '../src/core/permission/admission.ts';
import type { Command, PendingCommand } from '../src/core/command.ts';
import { decide } from '../src/core/decide.ts';
import type { Decision } from '../src/core/decision.ts';
import type { Observation, Running, SampleReading, TargetReading } from '../src/core/observation.ts';
import type { Analysis, Plan } from '../src/core/plan.ts';
import type { Release } from '../src/core/release.ts';
import { beginRollout, type Rollout } from '../src/core/rollout.ts';
import { bucketOf, LATENCY_BUCKETS, type Sample } from '../src/core/sample.ts';
import { home } from '../src/core/traffic.ts';

/** Builders for tests: each gives something whole, and takes only what the test is about. */

export const START = Date.UTC(2026, 0, 5, 12);

export function release(name: string): Release {
  return {
    name,
    digest: `sha256:${Buffer.from(name).toString('hex').padEnd(64, '0')}`,
    artifact: { kind: 'command', command: ['serve', name], env: {}, cwd: '/srv' },
  };
}

/** A release that is an image; what signs its verdict is a matter of the plan. */
export function imageRelease(name: string): Release {
  return { ...release(name), artifact: { kind: 'image', repository: 'registry/shop', env: {} } };
}

/** By what a gate lets an image in. */
export const ADMISSION: Admission = {
  policy: `sha256:${'0'.repeat(64)}`,
  evidence: [
    {
      kind: 'signature',
      referrer: `sha256:${'1'.repeat(64)}`,
      bundle: `sha256:${'2'.repeat(64)}`,
      signer: 'ci',
      at: null,
      says: 'it is signed',
    },
  ],
  builtAt: null,
};

export const STABLE = release('1.0.0');
export const CANDIDATE = release('1.1.0');

/** The usual analysis. */
export const ANALYSIS: Analysis = {
  alpha: 0.01,
  maxIncrease: 0,
  maxSlowdown: 0.1,
  ignoreSlowdown: 10,
  slo: { errors: null, latency: null },
  mustFind: 0.1,
  promoteEarly: null,
  clusters: { overdispersion: 1, isCapped: false },
  presence: true,
  warmUp: 0,
  onFailure: 'rollback',
};

export function plan(changes: Partial<Plan> = {}): Plan {
  return {
    purpose: 'deliver',
    targets: [{ name: 'web', kind: 'simulated', settings: {} }],
    steps: [
      { weight: 10, hold: 10_000 },
      { weight: 50, hold: 10_000 },
    ],
    analysis: null,
    checks: [
      {
        kind: 'threshold',
        name: 'errors',
        measure: { of: 'errors' },
        max: 0.05,
        minRequests: 20,
        window: 30_000,
        onFailure: 'rollback',
      },
    ],
    smoke: [],
    onInconclusive: 'hold',
    limits: { prepare: 60_000, follow: 30_000, blind: 15_000, held: 3_600_000 },
    rollbackWindow: 600_000,
    quarantine: 0,
    turnEvery: 1_000,
    guardAfter: 10_000,
    policy: null,
    notary: null,
    approval: null,
    after: null,
    soak: 0,
    recheckEvery: 60_000,
    freeze: [],
    overrideFor: 3_600_000,
    ...changes,
  };
}

export function rollout(changes: Partial<Rollout> = {}): Rollout {
  const request = {
    service: 'shop',
    environment: 'prod',
    plan: changes.plan ?? plan(),
    candidate: CANDIDATE,
    requestedBy: 'ann',
  };
  return { ...beginRollout(request, 1, START), ...changes };
}

export function running(of: Release, changes: Partial<Running> = {}): Running {
  return { release: of, digest: of.digest, wanted: 2, healthy: 2, trouble: null, failed: false, ...changes };
}

export function reading(changes: Partial<TargetReading> = {}): TargetReading {
  return {
    traffic: home(STABLE),
    fence: null,
    running: [running(STABLE)],
    guard: { armed: null, firedAt: null },
    ...changes,
  };
}

export function observation(changes: Partial<Observation> = {}): Observation {
  return {
    targets: { web: { kind: 'ok', value: reading() } },
    samples: {},
    smoke: { web: { kind: 'passed' } },
    refusals: {},
    gates: [{ gate: 'turn', kind: 'open' }],
    verdict: null,
    commands: [],
    overtaken: false,
    ...changes,
  };
}

/** Counts of one arm: `failed` of `requests` ended badly, the others took `latency` milliseconds. */
export function sample(requests: number, failed: number = 0, latency: number = 20): Sample {
  const buckets = Array.from({ length: LATENCY_BUCKETS }, () => 0);
  buckets[bucketOf(latency)] = requests - failed;
  return { requests, failed, latency: buckets };
}

export function compared(candidate: Sample, stable: Sample = sample(900)): SampleReading {
  return { kind: 'ok', value: { window: { from: START, to: START + 1_000 }, candidate, stable } };
}

let commands = 0;

export function command(given: Command, by: string = 'bob', at: number = START): PendingCommand {
  commands += 1;
  return { id: commands, at, by, note: null, command: given };
}

/** A target that does at once what it is told, and a rollout that is turned on it second by second. */
export interface Bench {
  rollout: Rollout;
  /** What the target really does. May be changed to make it misbehave. */
  target: TargetReading;
  now: number;
  /** One turn, one second after the last, with the decision's actions carried out. */
  turn(changes?: Partial<Observation>): Decision;
  /** Turns until it is so. */
  until(isSo: (rollout: Rollout) => boolean, changes?: Partial<Observation>): Decision;
}

const WELL: Observation['samples'] = { web: { errors: compared(sample(100)) } };

export function bench(changes: Partial<Rollout> = {}, target: TargetReading = reading()): Bench {
  const self: Bench = {
    rollout: rollout(changes),
    target,
    now: START,
    turn(seen = {}) {
      self.now += 1_000;
      const targets = { web: { kind: 'ok' as const, value: self.target } };
      const decision = decide(self.rollout, observation({ targets, samples: WELL, ...seen }), self.now);
      self.rollout = decision.rollout;
      for (const action of decision.actions) self.target = carryOut(self.target, action, decision.rollout);
      return decision;
    },
    until(isSo, seen) {
      for (let turns = 0; turns < 200; turns += 1) {
        const decision = self.turn(seen);
        if (isSo(self.rollout)) return decision;
      }
      throw new Error(`it did not come to be; the rollout is ${self.rollout.phase.kind}`);
    },
  };
  return self;
}

function carryOut(
  target: TargetReading,
  action: Decision['actions'][number],
  { sequence, revision }: Rollout,
): TargetReading {
  const fenced = { ...target, fence: { sequence, revision } };
  switch (action.kind) {
    case 'prepare':
      return { ...fenced, running: [...without(target, action.release), running(action.release)] };
    case 'apply':
      return { ...fenced, traffic: action.traffic };
    case 'retire':
      return { ...fenced, running: without(target, action.release) };
    case 'arm':
      return {
        ...fenced,
        guard: { ...target.guard, armed: { home: action.home, deadline: action.deadline } },
      };
    case 'disarm':
      return { ...fenced, guard: { ...target.guard, armed: null } };
    default:
      return action satisfies never;
  }
}

function without({ running: all }: TargetReading, { digest }: Release): readonly Running[] {
  return all.filter((each) => each.release.digest !== digest);
}
