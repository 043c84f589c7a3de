import type { Command } from '../../src/core/command.ts';
import type { Plan } from '../../src/core/plan.ts';
import type { Random } from '../../src/core/random.ts';
import type { Release } from '../../src/core/release.ts';
import { isActive, type Rollout } from '../../src/core/rollout.ts';
import type { Store } from '../../src/stores/store.ts';
import type { VirtualClock } from './virtual-clock.ts';
import { START, type World } from './world.ts';

/** Asks for a rollout of the candidate, in the name of the one who never approves it. */
export async function deploy(
  { store, plan, overrides }: Pick<World, 'store' | 'plan' | 'overrides'>,
  candidate: Release,
  supersede = false,
  now = START,
): Promise<void> {
  const request = { service: 'shop', environment: 'prod', plan, candidate, requestedBy: 'ann', overrides };
  await store.begin(request, now, { supersede });
}

/** Whoever comes by says yes, whether it is asked for or not, and now and then no. */
export function visitGates({ store, chance, said }: World, clock: VirtualClock): void {
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
export function wantOldBack(world: World, random: Random, clock: VirtualClock): void {
  const isImage = world.release(1).artifact.kind === 'image';
  if (!isImage || !random.chance(0.35)) return;
  const plan: Plan = { ...world.plan, purpose: 'return', steps: [] };
  clock.at(START + 40_000 + random.below(160_000), () => {
    void deploy({ ...world, plan }, world.release(1), true, clock.now());
  });
}

/** People: some commands at odd times, now and then a newer release. */
export function meddle(world: World, random: Random, clock: VirtualClock): void {
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
export function haveSecondThoughts(
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
export function takeABreak(
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
export async function decideForPeople(
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
