import { decide } from '../../src/core/decide.ts';
import type { Analysis } from '../../src/core/plan.ts';
import { seededRandom } from '../../src/core/random.ts';
import { isActive, type Rollout } from '../../src/core/rollout.ts';
import type { Instant, Milliseconds } from '../../src/core/time.ts';
import { openSqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import { ANALYSIS, CANDIDATE, plan, STABLE, START } from '../builders.ts';
import { controllers } from './controllers.ts';
import { NO_FAULTS, type FaultRates } from './faults.ts';
import { simulatedTarget, type TargetOptions, WELL } from './simulated-target.ts';
import { virtualClock } from './virtual-clock.ts';

/** Circumstances in which a release is rolled out that is the same as stable in all but its name. */
export interface Circumstances {
  readonly requestsPerSecond: number;
  /** Share of the requests that fail, whatever release they get. */
  readonly errorRate: number;
  /** What time does to that: from the begin of traffic on. */
  readonly weather?: (elapsed: Milliseconds) => {
    readonly requestsPerSecond: number;
    readonly errorRate: number;
  };
  readonly retries?: number;
  readonly targets: number;
  readonly faults: FaultRates;
  readonly analysis?: Partial<Analysis>;
}

const QUIET: Circumstances = { requestsPerSecond: 100, errorRate: 0.001, targets: 1, faults: NO_FAULTS };

/** Loses controllers at every fiftieth call, and answers of ports as well. */
const TROUBLED: FaultRates = {
  ...NO_FAULTS,
  crash: 0.004,
  freeze: 0.002,
  failsBefore: 0.01,
  failsAfter: 0.01,
};

/** A storm of failures at both releases, half a minute after the start. */
function storm(elapsed: Milliseconds): number {
  return elapsed > 30_000 && elapsed < 50_000 ? 0.03 : 0.001;
}

/** What hits both releases alike, in all the ways in which it fools others. */
export const CIRCUMSTANCES: Readonly<Record<string, Circumstances>> = {
  'nothing special': QUIET,
  'many failures': { ...QUIET, errorRate: 0.008 },
  'a shared incident': {
    ...QUIET,
    weather: (elapsed) => ({ requestsPerSecond: 100, errorRate: storm(elapsed) }),
  },
  drift: {
    ...QUIET,
    weather: (elapsed) => ({ requestsPerSecond: 100, errorRate: 0.0005 + elapsed / 2e7 }),
  },
  'bursts of traffic': {
    ...QUIET,
    weather: (elapsed) => ({
      requestsPerSecond: elapsed % 20_000 < 3_000 ? 400 : 20,
      errorRate: elapsed % 20_000 < 3_000 ? 0.01 : 0.001,
    }),
  },
  'little traffic': { ...QUIET, requestsPerSecond: 2, errorRate: 0.005 },
  'three targets': { ...QUIET, requestsPerSecond: 40, errorRate: 0.005, targets: 3 },
  'crashes and retries': { ...QUIET, errorRate: 0.005, faults: TROUBLED },
};

const STEPS = [
  { weight: 10, hold: 60_000 },
  { weight: 50, hold: 30_000 },
];
const LONGEST: Milliseconds = 30 * 60_000;

/**
 * Rolls a twin of stable out through the real engine and store, in virtual time. Returns how it ended: only "rolled back"
 * blames the candidate.
 */
async function rollOutTwin(
  seed: number,
  circumstances: Circumstances,
  judge: typeof decide = decide,
): Promise<string> {
  const { targets: count, faults, weather, retries = 0, requestsPerSecond, errorRate } = circumstances;
  const random = seededRandom(seed);
  const clock = virtualClock(START);
  const store = openSqliteStore(':memory:');
  const began: Instant = START + 20_000;
  const targets = Array.from({ length: count }, (_, index) => {
    const options: TargetOptions = {
      name: `target-${index + 1}`,
      clock,
      seed: seed * 31 + index,
      requestsPerSecond,
      isFenced: true,
      metricsDelay: 0,
      retries,
      behaviour: () => ({ ...WELL, errorRate: weather === undefined ? errorRate : 0 }),
      ...(weather === undefined ? {} : { weather: (at: Instant) => weather(at - began) }),
    };
    const target = simulatedTarget(options);
    target.install(STABLE);
    return target;
  });
  const runners = controllers({
    clock,
    random,
    store,
    targets,
    rates: () => faults,
    decide: judge,
    onCommit: () => {},
  });
  runners.start();
  await clock.run(began);
  const rules = plan({
    targets: targets.map(({ name }) => ({ name, kind: 'simulated', settings: {} })),
    steps: STEPS,
    checks: [],
    analysis: { ...ANALYSIS, ...circumstances.analysis },
    onInconclusive: 'promote',
    limits: { prepare: 300_000, follow: 300_000, blind: 300_000, held: 1_000 },
    guardAfter: 600_000,
    turnEvery: 1_000,
  });
  const request = {
    service: 'shop',
    environment: 'prod',
    plan: rules,
    candidate: CANDIDATE,
    requestedBy: 'ann',
  };
  const { id } = await store.begin(request, clock.now(), { supersede: false });
  let rollout: Rollout | null = null;
  while (clock.now() < began + LONGEST) {
    await clock.run(clock.now() + 5_000);
    rollout = await store.load(id);
    if (rollout === null || !isActive(rollout)) break;
  }
  await store.close();
  return rollout?.phase.kind === 'ended' ? rollout.phase.verdict.kind : 'not ended';
}

/** Of so many twins, how many were rolled back. */
export async function falseRollbacks(
  runs: number,
  circumstances: Circumstances,
  judge: typeof decide = decide,
): Promise<number> {
  let found = 0;
  for (let seed = 1; seed <= runs; seed += 1) {
    if ((await rollOutTwin(seed, circumstances, judge)) === 'rolled back') found += 1;
  }
  return found;
}
