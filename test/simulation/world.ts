import type { Parts } from './parts.ts';
import { ANALYSIS } from '../builders.ts';
import type { Plan } from '../../src/core/plan.ts';
import { type Random, seededRandom } from '../../src/core/random.ts';
import type { Release } from '../../src/core/release.ts';
import type { Rollout, RolloutRequest } from '../../src/core/rollout.ts';
import { errorShare } from '../../src/core/sample.ts';
import type { Instant, Window } from '../../src/core/time.ts';
import type { Gate } from '../../src/gates/gate.ts';
import { openSqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import type { Store } from '../../src/stores/store.ts';
import { NO_FAULTS, type FaultRates } from './faults.ts';
import type { End, Truth } from './invariants.ts';
import { EVIDENCE, type Moods, pickMoods, type Said, simulatedGates } from './simulated-gates.ts';
import type { Away } from './registry-outage.ts';
import { type SimulatedNotary, simulatedNotary } from './simulated-notary.ts';
import {
  type Behaviour,
  type Incident,
  simulatedTarget,
  type SimulatedTarget,
  WELL,
} from './simulated-target.ts';
import type { VirtualClock } from './virtual-clock.ts';

export const START = Date.UTC(2026, 0, 5);
export const TROUBLE_ENDS = START + 240_000;
const MAX_ERRORS = 0.05;
export interface World {
  readonly store: Store;
  readonly targets: readonly SimulatedTarget[];
  readonly stableAtFirst: Release | null;
  readonly isFenced: boolean;
  readonly plan: Plan;
  readonly rates: () => FaultRates;
  readonly truth: End['truth'];
  readonly release: (version: number) => Release;
  readonly gates: readonly Gate[];
  readonly notary: SimulatedNotary;
  readonly registryAway: Away;
  readonly overrides: NonNullable<RolloutRequest['overrides']>;
  /** Whether nobody decides about rollouts that are held. */
  readonly isIgnored: boolean;
  /** Chance of its own, so that the gates change nothing of what else happens. */
  readonly chance: Random;
  /** The approvals that people have given. */
  readonly said: Said[];
  heal(): void;
  listen(onChange: (target: SimulatedTarget) => void): void;
}

const TROUBLE = { from: START, to: TROUBLE_ENDS };

export function makeWorld(seed: number, random: Random, clock: VirtualClock, parts: Parts): World {
  const chance = seededRandom(seed * 104_729);
  const hasImages = chance.chance(0.6);
  const moods = pickMoods(chance, TROUBLE);
  const registryAway = pickOutage(chance);
  const overrides = pickOverrides(chance, moods);
  const isHeld = chance.chance(0.3);
  const isIgnored = chance.chance(0.3);
  const overrideFor = chance.chance(0.5) ? 3_600_000 : 10_000 + chance.below(50_000);
  let listener: ((target: SimulatedTarget) => void) | null = null;
  let rates = pickRates(random);
  const isFenced = random.chance(0.5);
  const behaviour = pickBehaviour(random);
  const names = ['lambda', 'ec2', 'ecs'].slice(0, 1 + random.below(3));
  const isFirst = random.chance(0.1);
  const incident = pickIncident(random);
  const afflicted = chance.below(names.length);
  const [unseen, stuck] = [pickSpell(chance), pickSpell(chance)];
  const targets = names.map((name, index) =>
    parts.target(
      simulatedTarget({
        name,
        clock,
        seed: seed * 31 + index,
        requestsPerSecond: 20 + random.below(80),
        isFenced,
        metricsDelay: random.below(3) * 1_000,
        incident,
        ...(index === afflicted ? { unseen, stuck } : {}),
        behaviour: ({ digest }) => (digest === release(2).digest ? behaviour : WELL),
        onChange: (target) => listener?.(target),
        onDisarmed: (target) => listener?.(target),
      }),
    ),
  );
  if (!isFirst) for (const target of targets) target.install(release(1));
  return {
    store: parts.store(openSqliteStore(':memory:')),
    targets,
    stableAtFirst: isFirst ? null : release(1),
    isFenced,
    plan: {
      ...pickPlan(random, names),
      ...(isHeld ? { approval: pickApproval(chance) } : {}),
      notary: {},
      overrideFor,
    },
    release: hasImages ? imageOf : release,
    gates: simulatedGates(clock, moods, hasImages).map(parts.gate),
    notary: parts.notary(simulatedNotary(), clock),
    registryAway,
    overrides,
    isIgnored,
    chance,
    said: [],
    rates: () => rates,
    truth: (rollout, at) => ({
      ...truthOf(rollout.candidate.digest === release(2).digest ? behaviour : WELL),
      isMurky: isChance(rollout) || isMurky(rollout, at, targets, incident),
    }),
    heal: () => (rates = NO_FAULTS),
    listen: (onChange) => (listener = onChange),
  };
}

function release(version: number): Release {
  return {
    name: `${version}.0.0`,
    digest: `sha256:${String(version).padStart(64, '0')}`,
    artifact: { kind: 'command', command: ['serve'], env: {}, cwd: '/' },
  };
}

function imageOf(version: number): Release {
  return { ...release(version), artifact: { kind: 'image', repository: 'registry/shop', env: {} } };
}

function pickOutage(chance: Random): Away {
  const from = START + chance.below(200_000);
  const outage = { from, to: Math.min(TROUBLE_ENDS, from + chance.below(100_000)) };
  return chance.chance(0.05) ? null : outage;
}

/** A time in which a target is not at hand. */
function pickSpell(chance: Random): Window | null {
  const from = START + chance.below(150_000);
  const to = Math.min(TROUBLE_ENDS, from + chance.below(90_000));
  return chance.chance(0.3) ? { from, to } : null;
}

/** Where rollouts are frozen, most of those that begin all the same are meant to. */
function pickOverrides(chance: Random, { freeze }: Moods): World['overrides'] {
  const note = 'users cannot pay';
  return [
    ...(chance.chance(freeze.length > 0 ? 0.8 : 0.1) ? [{ gate: 'freeze' as const, note }] : []),
    ...(chance.chance(0.2) ? [{ gate: EVIDENCE, note }] : []),
  ];
}

function pickApproval(chance: Random): NonNullable<Plan['approval']> {
  return {
    people: 1 + chance.below(2),
    from: chance.chance(0.5) ? null : ['ann', 'bob', 'cem'],
    expires: 20_000 + chance.below(60_000),
  };
}

function pickRates(random: Random): FaultRates {
  const rate = (most: number) => (random.chance(0.5) ? 0 : random.next() * most);
  return {
    failsBefore: rate(0.1),
    refuses: rate(0.5),
    failsAfter: rate(0.1),
    hangs: rate(0.02),
    isSlow: rate(0.1),
    crash: rate(0.01),
    freeze: rate(0.003),
  };
}

function pickBehaviour(random: Random): Behaviour {
  const kinds: readonly Partial<Behaviour>[] = [
    {},
    {},
    { errorRate: 0.3 },
    { latency: 900 },
    { healthyAfter: Infinity },
    { failsToStart: true },
    { diesAfter: random.below(60_000) },
    { wrongDigest: release(9).digest },
    { wrongDigest: release(9).digest, swapsAfter: random.below(60_000) },
  ];
  return { ...WELL, ...kinds[random.below(kinds.length)] };
}

function truthOf({
  errorRate,
  latency,
  healthyAfter,
  failsToStart,
  diesAfter,
  wrongDigest,
}: Behaviour): Pick<Truth, 'isGood' | 'isBad'> {
  const runs = healthyAfter < Infinity && !failsToStart && diesAfter === Infinity && wrongDigest === null;
  const isBad = errorRate >= MAX_ERRORS || latency >= 500;
  return { isGood: runs && !isBad, isBad };
}

/** Something that hits everybody, whatever release they get. */
function pickIncident(random: Random): Incident | null {
  if (random.chance(0.6)) return null;
  const from = START + random.below(120_000);
  return { window: { from, to: from + random.below(60_000) }, errorRate: 0.3 };
}

/** Failures so few that even a candidate with hardly any may have them; a plain limit promises no better. */
const FEW = 3;

function isChance({ phase }: Rollout): boolean {
  const reasons = phase.kind === 'ended' ? phase.verdict.reasons : [];
  const limits = reasons.filter((reason) => reason.code === 'check-failed');
  return limits.length > 0 && limits.every(({ unit, failed }) => unit === 'share' && failed < FEW);
}

/**
 * Whether an incident was on in the half minute before it was judged, when a plain limit may mistake chance for a difference;
 * but then it must at least have compared with what stable really did.
 */
function isMurky(
  { phase }: Rollout,
  at: Instant,
  targets: readonly SimulatedTarget[],
  incident: Incident | null,
): boolean {
  if (incident === null || phase.kind !== 'ended') return false;
  const window = { from: at - 20_000, to: at };
  const isNear = incident.window.from < window.to && incident.window.to > window.from - 25_000;
  const isHonest = phase.verdict.reasons.every((reason) => {
    if (reason.code !== 'check-failed' || reason.unit !== 'share') return true;
    const target = targets.find(({ name }) => name === reason.target);
    const stable = target?.served(release(1), window);
    return (
      stable === undefined ||
      errorShare(stable) <= 2 * MAX_ERRORS ||
      (reason.stable ?? 0) > 0.2 * errorShare(stable)
    );
  });
  return isNear && isHonest;
}

function pickPlan(random: Random, names: readonly string[]): Plan {
  const weights = [1, 10, 25, 50, 100].filter(() => random.chance(0.6));
  return {
    purpose: 'deliver',
    targets: names.map((name) => ({ name, kind: 'simulated', settings: {} })),
    steps: weights.map((weight) => ({ weight, hold: 5_000 + random.below(10_000) })),
    // So small that nobody is blamed by chance: here that would be a mistake.
    analysis: random.chance(0.5) ? { ...ANALYSIS, alpha: 1e-5 } : null,
    checks: [
      {
        kind: 'threshold',
        name: 'errors',
        measure: { of: 'errors' },
        max: MAX_ERRORS,
        minRequests: 20,
        window: 30_000,
        onFailure: 'rollback',
      },
      {
        kind: 'threshold',
        name: 'latency',
        measure: { of: 'latency', quantile: 0.9 },
        max: 500,
        minRequests: 20,
        window: 30_000,
        onFailure: random.chance(0.8) ? 'rollback' : 'hold',
      },
    ],
    smoke: [],
    onInconclusive: (['hold', 'promote', 'rollback'] as const)[random.below(3)] ?? 'hold',
    limits: { prepare: 60_000, follow: 40_000, blind: 20_000, held: 300_000 },
    rollbackWindow: random.below(60_000),
    quarantine: 90_000,
    turnEvery: 1_000,
    guardAfter: 15_000,
    policy: null,
    notary: null,
    approval: null,
    after: null,
    soak: 0,
    recheckEvery: 60_000,
    freeze: [],
    overrideFor: 3_600_000,
  };
}
