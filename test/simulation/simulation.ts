import { ANALYSIS } from '../builders.ts';
import type { Command } from '../../src/core/command.ts';
import { decide } from '../../src/core/decide.ts';
import { sayEntry } from '../../src/core/journal.ts';
import type { Plan } from '../../src/core/plan.ts';
import { type Random, seededRandom } from '../../src/core/random.ts';
import type { Release } from '../../src/core/release.ts';
import { isActive, type Rollout } from '../../src/core/rollout.ts';
import type { Instant } from '../../src/core/time.ts';
import { errorShare } from '../../src/core/sample.ts';
import { openSqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import type { Store } from '../../src/stores/store.ts';
import { admissionWatch } from './admission-watch.ts';
import {
  type Conditions,
  KIND_PEOPLE,
  pickApprover,
  pickConditions,
  REQUESTER,
  type Yes,
} from './conditions.ts';
import { controllers } from './controllers.ts';
import { NO_FAULTS, type FaultRates } from './faults.ts';
import { checkEnd, type End, type Truth, type Violation, watchdog } from './invariants.ts';
import {
  type Behaviour,
  type Incident,
  simulatedTarget,
  type SimulatedTarget,
  WELL,
} from './simulated-target.ts';
import type { SimulatedNotary } from './simulated-notary.ts';
import { virtualClock, type VirtualClock } from './virtual-clock.ts';

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
  readonly notary: (notary: SimulatedNotary, clock: VirtualClock) => SimulatedNotary;
}

export const SOUND: Parts = {
  decide,
  store: (store) => store,
  target: (target) => target,
  notary: (notary) => notary,
};

const START = Date.UTC(2026, 0, 5);
const TROUBLE_ENDS = START + 240_000;
const END = START + 1_500_000;
const MAX_ERRORS = 0.05;
/** Of so many histories, one is about images. */
export const IMAGES_EVERY = 2;

/**
 * One history of the whole system but for the platforms: core, engine and store in virtual time, with faults of every
 * port, controllers that crash and freeze between any two calls, people who change their minds, and a candidate that may
 * be bad in many ways. In some histories it is an image, with gates that change their minds, approvals and a notary. After
 * four minutes the trouble ends, and everything has to come to rest.
 */
export async function simulate(seed: number, parts: Parts = SOUND): Promise<Outcome> {
  const random = seededRandom(seed);
  const clock = virtualClock(START);
  const world = makeWorld(seed, random, clock, parts);
  const { store, targets, conditions } = world;
  const watch = conditions === null ? null : admissionWatch(clock.now, conditions);

  const runners = controllers({
    ...world,
    clock,
    random,
    decide: watch === null ? parts.decide : watch.watched(parts.decide),
    store: watch === null ? store : watch.watchedStore(store),
    onCommit: (rollout) => dog.onCommit(rollout),
    gates: conditions?.gates ?? [],
    notary: conditions?.notary ?? null,
  });
  const dog = watchdog(clock.now, targets, runners, world.isFenced);
  world.listen((target) => {
    dog.onChange(target);
    watch?.onChange(target);
  });
  runners.start();
  await deploy(world, world.release(2));
  meddle(world, random, clock);
  if (conditions !== null) meddleWithGates(world, conditions, seededRandom(seed * 17), clock);

  const regrets = seededRandom(seed * 19);
  await clock.run(TROUBLE_ENDS);
  world.heal();
  while (clock.now() < END && !(await isAtRest(store))) {
    await decideForPeople(world, random, clock);
    if (conditions !== null) await regret(store, regrets, clock);
    await clock.run(clock.now() + 10_000);
  }
  const violations = [
    ...dog.violations,
    ...(watch?.violations ?? []),
    ...(await checkEnd({
      store,
      targets,
      now: clock.now(),
      truth: world.truth,
      verdicts: conditions?.signed.verdicts ?? null,
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
  readonly isFenced: boolean;
  readonly plan: Plan;
  readonly rates: () => FaultRates;
  readonly truth: End['truth'];
  /** Null in histories without images. */
  readonly conditions: Conditions | null;
  readonly release: (version: number) => Release;
  heal(): void;
  listen(onChange: (target: SimulatedTarget) => void): void;
}

function makeWorld(seed: number, random: Random, clock: VirtualClock, parts: Parts): World {
  const conditions = mayHaveConditions(seed, clock, parts);
  const release = conditions === null ? commandRelease : imageRelease;
  let listener: ((target: SimulatedTarget) => void) | null = null;
  let rates = pickRates(random);
  const isFenced = random.chance(0.5);
  const behaviour = pickBehaviour(random, release(9).digest);
  const names = ['lambda', 'ec2', 'ecs'].slice(0, 1 + random.below(3));
  const isFirst = random.chance(0.1);
  const incident = pickIncident(random);
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
        behaviour: ({ digest }) => (digest === release(2).digest ? behaviour : WELL),
        onChange: (target) => listener?.(target),
      }),
    ),
  );
  if (!isFirst) for (const target of targets) target.install(release(1));
  return {
    store: parts.store(openSqliteStore(':memory:')),
    targets,
    isFenced,
    plan: { ...pickPlan(random, names), ...conditions?.rules },
    conditions,
    release,
    rates: () => rates,
    truth: (rollout) => ({
      ...truthOf(rollout.candidate.digest === release(2).digest ? behaviour : WELL),
      isMurky: isMurky(rollout, targets, incident),
    }),
    heal: () => (rates = NO_FAULTS),
    listen: (onChange) => (listener = onChange),
  };
}

/** Conditions have a chance of their own, so that histories without them stay as they are. */
function mayHaveConditions(seed: number, clock: VirtualClock, parts: Parts): Conditions | null {
  if (seed % IMAGES_EVERY !== 0) return null;
  return pickConditions({
    random: seededRandom(seed * 13),
    clock,
    calm: TROUBLE_ENDS,
    notary: (notary) => parts.notary(notary, clock),
  });
}

function imageRelease(version: number): Release {
  return {
    ...commandRelease(version),
    artifact: { kind: 'image', repository: 'registry/shop', env: {} },
  };
}

function commandRelease(version: number): Release {
  return {
    name: `${version}.0.0`,
    digest: `sha256:${String(version).padStart(64, '0')}`,
    artifact: { kind: 'command', command: ['serve'], env: {}, cwd: '/' },
  };
}

function pickRates(random: Random): FaultRates {
  const rate = (most: number) => (random.chance(0.5) ? 0 : random.next() * most);
  return {
    failsBefore: rate(0.1),
    failsAfter: rate(0.1),
    hangs: rate(0.02),
    isSlow: rate(0.1),
    crash: rate(0.01),
    freeze: rate(0.003),
  };
}

function pickBehaviour(random: Random, wrongDigest: string): Behaviour {
  const kinds: readonly Partial<Behaviour>[] = [
    {},
    {},
    { errorRate: 0.3 },
    { latency: 900 },
    { healthyAfter: Infinity },
    { failsToStart: true },
    { diesAfter: random.below(60_000) },
    { wrongDigest },
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
    const stable = target?.served(commandRelease(1), window);
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
    analysis: random.chance(0.5) ? ANALYSIS : null,
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

interface Deploy {
  readonly supersede?: boolean;
  readonly now?: Instant;
  readonly changes?: Partial<Plan>;
}

async function deploy(
  { store, plan, conditions }: World,
  candidate: Release,
  { supersede = false, now = START, changes = {} }: Deploy = {},
): Promise<void> {
  const request = { service: 'shop', environment: 'prod', candidate, requestedBy: REQUESTER };
  const overrides = conditions?.overrides ?? [];
  await store.begin({ ...request, plan: { ...plan, ...changes }, overrides }, now, { supersede });
}

/** People say yes who may and who may not, and somebody wants the old image back. */
function meddleWithGates(world: World, { approvals }: Conditions, random: Random, clock: VirtualClock): void {
  const { store } = world;
  for (let count = random.below(5); count > 0; count -= 1) {
    const by = pickApprover(random);
    clock.at(START + random.below(120_000), () => void sayYes(store, approvals, by, clock));
  }
  if (random.chance(0.35)) {
    const changes = { purpose: 'return', steps: [] } as const;
    const options = { supersede: true, changes };
    clock.at(START + 60_000 + random.below(160_000), () => {
      void deploy(world, world.release(1), { ...options, now: clock.now() });
    });
  }
}

async function sayYes(store: Store, approvals: Yes[], by: string, clock: VirtualClock): Promise<void> {
  const [newest] = await store.list({ limit: 1 });
  if (newest === undefined) return;
  approvals.push({ rollout: newest.id, by });
  await store.sendCommand(newest.id, { command: { kind: 'approve' }, by, note: null }, clock.now());
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
    clock.at(
      START + random.below(150_000),
      () => void deploy(world, world.release(3), { supersede: true, now: clock.now() }),
    );
  }
}

async function send(store: Store, command: Command, clock: VirtualClock): Promise<void> {
  const [newest] = await store.list({ limit: 1 });
  if (newest !== undefined)
    await store.sendCommand(newest.id, { command, by: 'bob', note: null }, clock.now());
}

/** After the trouble somebody looks at what is left paused or held. */
async function decideForPeople(
  { store, conditions }: World,
  random: Random,
  clock: VirtualClock,
): Promise<void> {
  for (const rollout of await store.list({})) {
    if (!isActive(rollout)) continue;
    const by = { by: 'cem', note: null };
    if (rollout.paused !== null)
      await store.sendCommand(rollout.id, { ...by, command: { kind: 'resume' } }, clock.now());
    if (rollout.phase.kind === 'gating' && conditions !== null) {
      for (const each of KIND_PEOPLE) await sayYes(store, conditions.approvals, each, clock);
    }
    if (rollout.phase.kind !== 'held') continue;
    const command: Command = random.chance(0.5) ? { kind: 'promote', full: false } : { kind: 'rollback' };
    await store.sendCommand(rollout.id, { ...by, command }, clock.now());
  }
}

/** Now and then somebody wants a promoted release to be taken back while it can be. */
async function regret(store: Store, random: Random, clock: VirtualClock): Promise<void> {
  const [newest] = await store.list({ limit: 1 });
  const canBeTakenBack = newest?.phase.kind === 'ended' && newest.phase.verdict.kind === 'promoted';
  if (canBeTakenBack && random.chance(0.1)) await send(store, { kind: 'rollback' }, clock);
}

async function isAtRest(store: Store): Promise<boolean> {
  return (await store.list({})).every(({ phase }) => phase.kind === 'ended' && phase.settled);
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
