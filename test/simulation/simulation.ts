import { ANALYSIS } from '../builders.ts';
import type { Command } from '../../src/core/command.ts';
import { decide } from '../../src/core/decide.ts';
import { sayEntry } from '../../src/core/journal.ts';
import type { Plan } from '../../src/core/plan.ts';
import { type Random, seededRandom } from '../../src/core/random.ts';
import type { Release } from '../../src/core/release.ts';
import { isActive, type Rollout, type RolloutRequest } from '../../src/core/rollout.ts';
import { errorShare } from '../../src/core/sample.ts';
import type { Window } from '../../src/core/time.ts';
import type { Gate } from '../../src/gates/gate.ts';
import { openSqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import type { Store } from '../../src/stores/store.ts';
import { admissionWatch } from './admission-watch.ts';
import { controllers } from './controllers.ts';
import { NO_FAULTS, type FaultRates } from './faults.ts';
import { gateWatch } from './gate-watch.ts';
import { checkEnd, type End, type Truth, type Violation, watchdog } from './invariants.ts';
import { EVIDENCE, type Moods, pickMoods, type Said, simulatedGates } from './simulated-gates.ts';
import { type Away, withOutage } from './registry-outage.ts';
import { type SimulatedNotary, simulatedNotary } from './simulated-notary.ts';
import {
  type Behaviour,
  type Incident,
  simulatedTarget,
  type SimulatedTarget,
  WELL,
} from './simulated-target.ts';
import { turnWatch } from './turn-watch.ts';
import { virtualClock, type VirtualClock } from './virtual-clock.ts';
import { witness } from './witness.ts';

/** What came out of one simulated history. */
export interface Outcome {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly verdicts: readonly string[];
  readonly crashes: number;
  /** The journals, for whoever has to find out what happened. */
  readonly story: readonly string[];
}

/** Parts that a test may replace by worse ones, to see that they are found out. */
export interface Parts {
  readonly decide: typeof decide;
  readonly store: (store: Store) => Store;
  readonly target: (target: SimulatedTarget) => SimulatedTarget;
  readonly gate: (gate: Gate) => Gate;
  readonly notary: (notary: SimulatedNotary, clock: VirtualClock) => SimulatedNotary;
}

export const SOUND: Parts = {
  decide,
  store: (store) => store,
  target: (target) => target,
  gate: (gate) => gate,
  notary: (notary) => notary,
};

const START = Date.UTC(2026, 0, 5);
const TROUBLE_ENDS = START + 240_000;
const END = START + 1_500_000;
const MAX_ERRORS = 0.05;

/**
 * One history of the whole system but for the platforms: core, engine and store in virtual time, with faults of every
 * port, controllers that crash and freeze between any two calls, people who change their minds, gates that shut, evidence
 * that turns bad, registries that take no verdicts, and a candidate that may be bad in many ways. After four minutes the
 * trouble ends, and everything has to come to rest.
 */
export async function simulate(seed: number, parts: Parts = SOUND): Promise<Outcome> {
  const random = seededRandom(seed);
  const clock = virtualClock(START);
  const world = makeWorld(seed, random, clock, parts);
  const { store, targets } = world;

  const names = world.gates.map(({ name }) => name);
  const report = (invariant: string, detail: string) => dog.report(invariant, detail);
  const admissions = admissionWatch(names, world.said, report);
  const checkTurn = turnWatch(targets, world.isFenced, report);
  const { watched, watchedStore } = witness((witnessed) => {
    admissions.onWitnessed(witnessed);
    checkTurn(witnessed);
  });
  const runners = controllers({
    ...world,
    clock,
    random,
    store: watchedStore(store),
    notary: withOutage(world.notary, clock, world.registryAway),
    decide: watched(parts.decide),
    report,
    onCommit({ rollout, before, seen, begun }) {
      dog.onCommit(rollout);
      haveSecondThoughts(world, rollout, before, clock);
      takeABreak(world, rollout, before, clock);
      if (before !== null && seen !== null) {
        atGates.onCommit(before, rollout, seen, { begun, committed: clock.now() });
      }
    },
  });
  const dog = watchdog(clock.now, targets, runners, world.isFenced);
  const atGates = gateWatch(names, world.said, report);
  world.listen((target) => {
    dog.onChange(target);
    admissions.onChange(target);
  });
  runners.start();
  await deploy(world, world.release(2));
  meddle(world, random, clock);
  visitGates(world, clock);
  wantOldBack(world, seededRandom(seed * 15_485_863), clock);

  await clock.run(TROUBLE_ENDS);
  world.heal();
  while (clock.now() < END && !(await isAtRest(store))) {
    await decideForPeople(world, random, clock);
    await clock.run(clock.now() + 10_000);
  }
  const violations = [
    ...dog.violations,
    ...(await checkEnd({
      store,
      targets,
      stableAtFirst: world.stableAtFirst,
      now: clock.now(),
      truth: world.truth,
      notary: world.notary,
      isBroken: world.registryAway === null,
    })),
  ];
  const rollouts = await store.list({});
  const verdicts = rollouts.map(({ phase }) => (phase.kind === 'ended' ? phase.verdict.kind : phase.kind));
  const story = await tell(store);
  await store.close();
  return { seed, violations, verdicts, crashes: runners.crashes(), story };
}

interface World {
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

function makeWorld(seed: number, random: Random, clock: VirtualClock, parts: Parts): World {
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
        onDisarm: (target) => listener?.(target),
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
    truth: (rollout) => ({
      ...truthOf(rollout.candidate.digest === release(2).digest ? behaviour : WELL),
      isMurky: isMurky(rollout, targets, incident),
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

/**
 * Whether an incident was on in the half minute before the end, when a plain limit may mistake chance for a difference;
 * but then it must at least have compared with what stable really did.
 */
function isMurky(rollout: Rollout, targets: readonly SimulatedTarget[], incident: Incident | null): boolean {
  const { phase } = rollout;
  if (incident === null || phase.kind !== 'ended') return false;
  const window = { from: phase.at - 20_000, to: phase.at };
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

async function deploy(
  { store, plan, overrides }: Pick<World, 'store' | 'plan' | 'overrides'>,
  candidate: Release,
  supersede = false,
  now = START,
): Promise<void> {
  const request = { service: 'shop', environment: 'prod', plan, candidate, requestedBy: 'ann', overrides };
  await store.begin(request, now, { supersede });
}

/** Whoever comes by says yes, whether it is asked for or not, and now and then no. */
function visitGates({ store, chance, said }: World, clock: VirtualClock): void {
  for (let count = 2 + chance.below(6); count > 0; count -= 1) {
    const by = ['ann', 'bob', 'cem', 'eve'][chance.below(4)] ?? 'ann';
    const isNo = chance.chance(0.05);
    clock.at(START + chance.below(chance.chance(0.5) ? 40_000 : 200_000), () => {
      if (!isNo) said.push({ by, at: clock.now() });
      void send(store, { kind: isNo ? 'reject' : 'approve' }, clock, by);
    });
  }
}

/** Now and then somebody orders a return to the first image, at once and without steps. */
function wantOldBack(world: World, random: Random, clock: VirtualClock): void {
  const isImage = world.release(1).artifact.kind === 'image';
  if (!isImage || !random.chance(0.35)) return;
  const plan: Plan = { ...world.plan, purpose: 'return', steps: [] };
  clock.at(START + 40_000 + random.below(160_000), () => {
    void deploy({ ...world, plan }, world.release(1), true, clock.now());
  });
}

/** People: some commands at odd times, now and then a newer release. */
function meddle(world: World, random: Random, clock: VirtualClock): void {
  const commands: readonly Command[] = [
    { kind: 'pause' },
    { kind: 'resume' },
    { kind: 'promote', full: false },
    { kind: 'promote', full: true },
    { kind: 'rollback' },
    { kind: 'abort' },
  ];
  const { store } = world;
  for (let count = random.chance(0.5) ? 0 : random.below(4); count > 0; count -= 1) {
    const command = commands[random.below(commands.length)];
    clock.at(START + random.below(200_000), () => {
      if (command !== undefined) void send(store, command, clock);
    });
  }
  if (random.chance(0.2)) {
    clock.at(START + random.below(150_000), () => void deploy(world, world.release(3), true, clock.now()));
  }
}

/**
 * Now and then a release is taken back while the one before it is still warm, and sometimes a newer one waits for approval
 * by then, which is not what people want after all either.
 */
function haveSecondThoughts(
  world: World,
  { id, phase }: Rollout,
  before: Rollout | null,
  clock: VirtualClock,
): void {
  const { store, chance } = world;
  const isNew = phase.kind === 'ended' && before?.phase.kind === 'promoting';
  if (!isNew || phase.verdict.kind !== 'promoted' || !chance.chance(0.4)) return;
  const order = { command: { kind: 'rollback' as const }, by: 'dan', note: null };
  const at = clock.now() + 2_000 + chance.below(30_000);
  clock.at(at, () => void store.sendCommand(id, order, clock.now()));
  if (!chance.chance(0.5)) return;
  const approval = { people: 1, from: null, expires: 60_000 };
  const plan: Plan = { ...world.plan, approval };
  clock.at(at - 1_500, () => void deploy({ ...world, plan }, world.release(4), true, clock.now()));
  clock.at(at + 10_000 + chance.below(20_000), () => {
    world.said.push({ by: 'bob', at: clock.now() });
    void send(store, { kind: 'approve' }, clock);
  });
  clock.at(at + 40_000 + chance.below(10_000), () => void send(store, { kind: 'abort' }, clock, 'dan'));
}

/** Now and then somebody stops a step for a while, and does not look meanwhile. */
function takeABreak(
  { store, chance }: World,
  { id, phase }: Rollout,
  before: Rollout | null,
  clock: VirtualClock,
): void {
  const isNew = phase.kind === 'progressing' && before?.phase.kind === 'preparing';
  if (!isNew || !chance.chance(0.2)) return;
  const order = (command: Command) =>
    void store.sendCommand(id, { command, by: 'eve', note: null }, clock.now());
  const at = clock.now() + chance.below(15_000);
  clock.at(at, () => order({ kind: 'pause' }));
  clock.at(at + chance.below(60_000), () => order({ kind: 'resume' }));
}

async function send(store: Store, command: Command, clock: VirtualClock, by = 'bob'): Promise<void> {
  const [newest] = await store.list({ limit: 1 });
  if (newest !== undefined) await store.sendCommand(newest.id, { command, by, note: null }, clock.now());
}

/** After the trouble somebody looks at what is left at its gates, paused or held. */
async function decideForPeople(
  { store, said, isIgnored }: World,
  random: Random,
  clock: VirtualClock,
): Promise<void> {
  for (const rollout of await store.list({})) {
    if (!isActive(rollout)) continue;
    if (rollout.phase.kind === 'gating') {
      for (const by of ['bob', 'cem']) {
        said.push({ by, at: clock.now() });
        await store.sendCommand(rollout.id, { by, note: null, command: { kind: 'approve' } }, clock.now());
      }
    }
    const by = { by: 'cem', note: null };
    if (rollout.paused !== null)
      await store.sendCommand(rollout.id, { ...by, command: { kind: 'resume' } }, clock.now());
    if (rollout.phase.kind !== 'held' || isIgnored) continue;
    const command: Command = random.chance(0.5) ? { kind: 'promote', full: false } : { kind: 'rollback' };
    await store.sendCommand(rollout.id, { ...by, command }, clock.now());
  }
}

async function isAtRest(store: Store): Promise<boolean> {
  const rollouts = await store.list({});
  const unanswered = await Promise.all(rollouts.map(({ id }) => store.pendingCommands(id)));
  return (
    unanswered.flat().length === 0 && rollouts.every(({ phase }) => phase.kind === 'ended' && phase.settled)
  );
}

async function tell(store: Store): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const { id } of (await store.list({})).toReversed()) {
    lines.push(`== ${id}`);
    for (const { entry, revision } of await store.journal(id)) {
      lines.push(`${((entry.at - START) / 1000).toFixed(1).padStart(7)} s  r${revision}  ${sayEntry(entry)}`);
    }
  }
  return lines;
}
