import { sayEntry } from '../../src/core/journal.ts';
import { seededRandom } from '../../src/core/random.ts';
import type { Store } from '../../src/stores/store.ts';
import { admissionWatch } from './admission-watch.ts';
import { controllers } from './controllers.ts';
import { gateWatch } from './gate-watch.ts';
import { checkEnd, type Violation, watchdog } from './invariants.ts';
import { withOutage } from './registry-outage.ts';
import { turnWatch } from './turn-watch.ts';
import { virtualClock } from './virtual-clock.ts';
import { witness } from './witness.ts';
import {
  decideForPeople,
  deploy,
  haveSecondThoughts,
  meddle,
  takeABreak,
  visitGates,
  wantOldBack,
} from './people.ts';
import { makeWorld, START, TROUBLE_ENDS } from './world.ts';
import { type Parts, SOUND } from './parts.ts';

/** What came out of one simulated history. */
export interface Outcome {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly verdicts: readonly string[];
  readonly crashes: number;
  /** The journals, for whoever has to find out what happened. */
  readonly story: readonly string[];
}
const END = START + 1_500_000;

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
