import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bench, type Bench, CANDIDATE, command, reading, running, STABLE } from '../../test/builders.ts';
import { sayEntry } from './journal.ts';
import { sayReason } from './reason.ts';
import type { Rollout } from './rollout.ts';
import { home } from './traffic.ts';

const TROUBLE = 'its image was changed';
const isHolding = ({ phase }: Rollout) => phase.kind === 'progressing' && phase.stage === 'holding';
const isEnded = ({ phase }: Rollout) => phase.kind === 'ended';
const givenUp = (release = STABLE, healthy = 0) =>
  running(release, { healthy, failed: true, trouble: TROUBLE });

function outcome({ rollout: { phase } }: Bench) {
  assert.ok(phase.kind === 'ended');
  return [phase.verdict.kind, ...phase.verdict.reasons.map(({ code }) => code)];
}

const prepared = (actions: readonly { kind: string }[]) =>
  actions.filter(({ kind }) => kind === 'prepare').length;

describe('a candidate of which the target has given up on a process', () => {
  for (const healthy of [0, 1]) {
    it(`goes home at once and is not blamed, with ${healthy} healthy`, () => {
      const world = bench();
      world.until(isHolding);
      world.target = { ...world.target, running: [running(STABLE), givenUp(CANDIDATE, healthy)] };
      const { block } = world.turn();
      assert.deepEqual([world.rollout.phase.kind, block], ['rolling-back', null]);
      world.until(isEnded);
      assert.deepEqual(outcome(world), ['aborted', 'does-not-start']);
    });
  }

  it('goes home also when it is being promoted', () => {
    const world = bench();
    world.until(({ phase }) => phase.kind === 'promoting');
    world.target = { ...world.target, running: [running(STABLE), givenUp(CANDIDATE, 1)] };
    world.until(isEnded);
    assert.deepEqual(outcome(world), ['aborted', 'does-not-start']);
  });

  it('stays while stable is down', () => {
    const world = bench();
    world.until(isHolding);
    world.target = { ...world.target, running: [running(STABLE, { healthy: 0 }), givenUp(CANDIDATE, 1)] };
    world.turn();
    assert.ok(isHolding(world.rollout));
  });
});

describe('a stable release that the target has given up on', () => {
  it('is prepared anew once none of it is left, and that is told of', () => {
    const world = bench();
    world.until(isHolding);
    world.target = { ...world.target, running: [givenUp(STABLE, 1), running(CANDIDATE)] };
    const { actions, entries } = world.turn();
    assert.equal(prepared(actions), 0);
    const said = 'stable cannot be started on web: 1 of 2 instances are healthy: its image was changed';
    assert.ok(entries.map(sayEntry).some((entry) => entry.includes(said)));
    assert.ok(world.rollout.waitingFor.map(sayReason).includes(said));
    world.target = { ...world.target, running: [givenUp(), running(CANDIDATE)] };
    assert.equal(prepared(world.turn().actions), 1);
    world.turn();
    assert.equal(world.rollout.waitingFor.map(({ code }) => code).includes('stable-down'), false);
  });

  it('does not keep the guard from being renewed', () => {
    const world = bench();
    world.until(isHolding);
    for (let turns = 0; turns < 20; turns += 1) {
      world.target = { ...world.target, running: [givenUp(), running(CANDIDATE)] };
      const kinds = world.turn().actions.map(({ kind }) => kind);
      assert.ok(!kinds.includes('arm') || kinds.indexOf('arm') < kinds.indexOf('prepare'));
    }
  });

  it('is brought up before a rollback goes to it, and users stay where they are until then', () => {
    const world = bench();
    world.until(isEnded);
    const down = () => ({ ...world.target, running: [givenUp(), running(CANDIDATE)] });
    world.target = down();
    assert.equal(prepared(world.turn().actions), 0, 'what is only kept warm is left alone');
    world.turn({ commands: [command({ kind: 'rollback' })] });
    for (let turns = 0; turns < 40; turns += 1) {
      world.target = down();
      const { actions, entries } = world.turn();
      assert.equal(prepared(actions), 1);
      assert.deepEqual(world.target.traffic.stable, CANDIDATE);
      const said = [...world.rollout.waitingFor.map(sayReason), ...entries.map(sayEntry)].join();
      assert.match(said, /did not follow.*its image was changed/);
    }
    world.until(isEnded);
    assert.deepEqual(world.target.traffic, home(STABLE));
    assert.deepEqual(outcome(world), ['rolled back', 'commanded']);
  });

  for (const [how, found] of [
    ['given up on', [givenUp()]],
    ['not running', []],
    ['down', [running(STABLE, { healthy: 0 })]],
  ] as const) {
    it(`is brought up when it is deployed again and is ${how}`, () => {
      const world = bench({ candidate: STABLE }, reading({ running: found }));
      world.turn();
      assert.equal(world.rollout.phase.kind, 'preparing');
      if (how === 'down') world.target = { ...world.target, running: [running(STABLE)] };
      world.until(isEnded);
      assert.deepEqual(outcome(world), ['promoted', 'already-stable']);
      assert.equal(world.turn({ commands: [command({ kind: 'rollback' })] }).answers[0]?.accepted, false);
      assert.deepEqual(world.target.traffic, home(STABLE));
    });
  }

  it('that stays down when it is deployed again ends the rollout, and is not let go', () => {
    const world = bench({ candidate: STABLE }, reading({ running: [givenUp()] }));
    world.until((rollout) => {
      world.target = { ...world.target, running: [givenUp()] };
      return isEnded(rollout);
    });
    assert.deepEqual(outcome(world), ['aborted', 'does-not-start']);
    assert.equal(
      world.turn().actions.some(({ kind }) => kind === 'retire'),
      false,
    );
  });
});
