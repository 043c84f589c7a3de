import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  bench,
  CANDIDATE,
  command,
  compared,
  plan,
  reading,
  release as releaseOf,
  running,
  sample,
  STABLE,
} from '../../test/builders.ts';
import { sayReason } from './reason.ts';
import { home } from './traffic.ts';
import { wishedWeight } from './wish.ts';
import { labelOf } from './turn/move.ts';
import type { Observation } from './observation.ts';
import type { Rollout } from './rollout.ts';

const isHolding = ({ phase }: Rollout) => phase.kind === 'progressing' && phase.stage === 'holding';
const isEnded = ({ phase }: Rollout) => phase.kind === 'ended';
const samples = (errors: Observation['samples'][string][string]) => ({
  samples: { web: { errors } },
});

function verdictOf({ phase }: Rollout) {
  return phase.kind === 'ended' ? phase.verdict.kind : phase.kind;
}

function reasonsOf({ phase }: Rollout): readonly string[] {
  return phase.kind === 'ended' ? phase.verdict.reasons.map((reason) => reason.code) : [];
}

describe('a rollout', () => {
  it('goes through its steps and is promoted', () => {
    const world = bench();
    const labels = new Set<string>();
    world.until((rollout) => {
      labels.add(labelOf(rollout));
      return isEnded(rollout);
    });
    assert.deepEqual(
      [...labels],
      [
        'preparing',
        'moving at 10 %',
        'holding at 10 %',
        'moving at 50 %',
        'holding at 50 %',
        'promoting',
        'promoted',
      ],
    );
    assert.equal(world.target.traffic.stable?.name, CANDIDATE.name);
  });

  it('keeps the old release warm for the rollback window, and then lets it go', () => {
    const world = bench();
    world.until(isEnded);
    assert.deepEqual(
      world.target.running.map(({ release }) => release.name),
      ['1.0.0', '1.1.0'],
    );
    world.now += 600_000;
    world.until(({ phase }) => phase.kind === 'ended' && phase.settled);
    assert.deepEqual(
      world.target.running.map(({ release }) => release.name),
      ['1.1.0'],
    );
    assert.equal(world.turn().wakeAt, null);
  });

  it('goes straight up when there is nothing to compare with', () => {
    const world = bench({}, reading({ traffic: home(null), running: [] }));
    world.until(isEnded);
    assert.equal(verdictOf(world.rollout), 'promoted');
    assert.equal(world.target.traffic.stable?.name, CANDIDATE.name);
  });

  it('has nothing to do for what is stable already', () => {
    const world = bench({ candidate: STABLE });
    world.turn();
    assert.equal(verdictOf(world.rollout), 'promoted');
    assert.deepEqual(reasonsOf(world.rollout), ['already-stable']);
  });

  it('is rejected by a closed gate, before anything was touched', () => {
    const world = bench();
    const decision = world.turn({ gates: [{ gate: 'freeze', kind: 'closed', detail: 'until Monday' }] });
    assert.equal(verdictOf(world.rollout), 'rejected');
    assert.deepEqual(decision.actions, []);
    assert.equal(decision.wakeAt, null);
  });

  it('calls home what is stable when it begins, not what was when it was asked for', () => {
    const world = bench();
    const gates = [{ gate: 'approval', kind: 'waiting', detail: '0 of 1 people' }] as const;
    world.turn({ gates });
    // The rollout before it is taken back after all.
    const older = releaseOf('0.9.0');
    world.target = reading({ traffic: home(older), running: [running(older)] });
    world.until(isHolding);
    assert.equal(world.target.traffic.stable?.name, '0.9.0');
    world.turn({ commands: [command({ kind: 'rollback' })] });
    world.until(isEnded);
    assert.equal(world.target.traffic.stable?.name, '0.9.0');
  });

  it('does not begin while a target cannot be read, however long it has waited for its gates', () => {
    const world = bench();
    const gates = [{ gate: 'approval', kind: 'waiting', detail: '0 of 1 people' }] as const;
    for (let turns = 0; turns < 70; turns += 1) world.turn({ gates });
    const targets = { web: { kind: 'outage', error: 'no answer' } } as const;
    world.turn({ targets });
    assert.equal(world.rollout.phase.kind, 'gating');
    assert.deepEqual(
      world.rollout.waitingFor.map(({ code }) => code),
      ['blind'],
    );
    world.turn();
    assert.equal(world.rollout.phase.kind, 'preparing');
  });

  it('waits for a gate that is not open yet, and says for which', () => {
    const world = bench();
    world.turn({ gates: [{ gate: 'approval', kind: 'waiting', detail: '1 of 2 people' }] });
    assert.equal(world.rollout.phase.kind, 'gating');
    assert.equal(world.rollout.waitingFor.map(sayReason).join(), 'waiting for approval: 1 of 2 people');
  });
});

describe('a step', () => {
  it('gives no traffic before the guard is seen to be armed', () => {
    const world = bench();
    world.until(({ phase }) => phase.kind === 'progressing');
    const kinds = new Set<string>();
    world.target = { ...world.target, guard: { armed: null, firedAt: null } };
    for (let turns = 0; turns < 5; turns += 1) {
      for (const { kind } of world.turn().actions) kinds.add(kind);
      world.target = { ...world.target, guard: { armed: null, firedAt: null } };
    }
    assert.deepEqual([...kinds], ['arm']);
  });

  it('gives no traffic to a candidate that is not up', () => {
    const world = bench();
    world.until(({ phase }) => phase.kind === 'progressing');
    world.target = {
      ...world.target,
      running: [running(STABLE, { healthy: 0 }), running(CANDIDATE, { healthy: 0 })],
    };
    for (let turns = 0; turns < 5; turns += 1) world.turn();
    assert.equal(world.target.traffic.weight, 0);
  });

  it('holds while data is missing, and asks a person when its time is twice over', () => {
    const world = bench();
    world.until(isHolding);
    world.until(({ phase }) => phase.kind === 'held', samples({ kind: 'ok', value: null }));
    assert.equal(world.now - world.rollout.createdAt > 20_000, true);
    assert.equal(wishedWeight(world.rollout), 10);
    assert.equal(world.rollout.waitingFor.length, 0);
  });

  it('is held for no shorter a time because it was paused meanwhile', () => {
    const limits = { ...plan().limits, held: 60_000 };
    const world = bench({ plan: plan({ limits }) });
    const nothing = samples({ kind: 'ok', value: null });
    world.until(({ phase }) => phase.kind === 'held', nothing);
    world.turn({ ...nothing, commands: [command({ kind: 'pause' })] });
    for (let turns = 0; turns < 120; turns += 1) world.turn(nothing);
    world.turn({ ...nothing, commands: [command({ kind: 'resume' })] });
    world.turn(nothing);
    assert.equal(world.rollout.phase.kind, 'held');
    world.until(isEnded, nothing);
    assert.deepEqual([verdictOf(world.rollout), reasonsOf(world.rollout)[0]], ['aborted', 'held-too-long']);
  });

  it('goes on undecided when the plan says so', () => {
    const world = bench({ plan: plan({ onInconclusive: 'promote' }) });
    world.until(isEnded, samples({ kind: 'ok', value: null }));
    assert.equal(verdictOf(world.rollout), 'promoted');
  });

  it('does not end while nobody watches', () => {
    const world = bench();
    world.until(isHolding);
    world.now += 3_600_000;
    world.turn();
    assert.equal(labelOf(world.rollout), 'holding at 10 %');
  });

  it('begins anew when its traffic was changed by something else', () => {
    const world = bench();
    world.until(isHolding);
    world.target = { ...world.target, traffic: home(STABLE) };
    world.turn();
    assert.equal(labelOf(world.rollout), 'moving at 10 %');
    world.until(isHolding);
    assert.equal(world.target.traffic.weight, 10);
  });

  it('writes again over an older fence, although the traffic looks right', () => {
    const world = bench();
    world.until(isHolding);
    world.target = { ...world.target, fence: { sequence: 1, revision: 1 } };
    const { actions } = world.turn();
    assert.deepEqual(
      actions.map(({ kind }) => kind).filter((kind) => kind !== 'arm'),
      ['apply'],
    );
  });
});

describe('a clock that was set back', () => {
  it('puts off neither the next turn nor the guard', () => {
    const world = bench();
    world.until(isHolding);
    world.now -= 12_000;
    const { wakeAt, actions } = world.turn();
    assert.equal(world.rollout.phase.kind, 'progressing');
    assert.equal(wakeAt, world.now + 1_000);
    const { armed } = world.target.guard;
    assert.equal(armed?.deadline, world.now + 10_000);
    assert.deepEqual(
      actions.map(({ kind }) => kind),
      ['arm'],
    );
  });

  it('takes traffic home when it is behind for longer than a target may be unseen', () => {
    const world = bench();
    world.until(isHolding);
    world.now -= 3_600_000;
    const { wakeAt } = world.until(isEnded);
    assert.deepEqual([verdictOf(world.rollout), ...reasonsOf(world.rollout)], ['aborted', 'blind']);
    assert.ok(wakeAt !== null && wakeAt <= world.now + 1_000);
    assert.equal(world.target.traffic.stable?.name, STABLE.name);
  });
});

describe('bad news', () => {
  it('rolls back at once, and blocks the digest', () => {
    const world = bench();
    world.until(isHolding);
    const decision = world.turn(samples(compared(sample(100, 30))));
    assert.equal(world.rollout.phase.kind, 'rolling-back');
    assert.equal(decision.block?.release.digest, CANDIDATE.digest);
    assert.deepEqual(world.target.traffic, home(STABLE));
    world.until(isEnded);
    assert.equal(verdictOf(world.rollout), 'rolled back');
    assert.deepEqual(reasonsOf(world.rollout), ['check-failed']);
  });

  it('is no news when it hits both sides', () => {
    const world = bench();
    world.until(isHolding);
    world.turn(samples(compared(sample(100, 30), sample(900, 250))));
    assert.equal(labelOf(world.rollout), 'holding at 10 %');
  });

  it('ends without blame when there is no stable traffic to compare with', () => {
    const world = bench({ plan: plan({ steps: [{ weight: 100, hold: 10_000 }] }) });
    world.until(isHolding);
    const decision = world.turn(samples(compared(sample(100, 30), sample(0))));
    world.until(isEnded);
    assert.equal(decision.block, null);
    assert.equal(verdictOf(world.rollout), 'aborted');
  });

  it('only holds, or only reports, where the plan says so', () => {
    for (const [onFailure, expected] of [
      ['hold', 'held at 10 %'],
      ['report', 'holding at 10 %'],
    ] as const) {
      const checks = plan().checks.map((check) => ({ ...check, onFailure }));
      const world = bench({ plan: plan({ checks }) });
      world.until(isHolding);
      world.turn(samples(compared(sample(100, 30))));
      assert.equal(labelOf(world.rollout), expected);
    }
  });

  it('comes from a candidate whose instances are all down', () => {
    const world = bench();
    world.until(isHolding);
    world.target = {
      ...world.target,
      running: [running(STABLE), running(CANDIDATE, { healthy: 0, trouble: 'exited with code 1' })],
    };
    world.turn();
    world.until(isEnded);
    assert.deepEqual(reasonsOf(world.rollout), ['candidate-down']);
  });

  it('is not that everything is down', () => {
    const world = bench();
    world.until(isHolding);
    world.target = {
      ...world.target,
      running: [running(STABLE, { healthy: 0 }), running(CANDIDATE, { healthy: 0 })],
    };
    world.turn();
    assert.equal(labelOf(world.rollout), 'holding at 10 %');
  });

  it('comes from another digest than the one that was asked for', () => {
    const world = bench();
    world.until(isHolding);
    world.target = {
      ...world.target,
      running: [running(STABLE), running(CANDIDATE, { digest: STABLE.digest })],
    };
    world.turn();
    world.until(isEnded);
    assert.deepEqual(reasonsOf(world.rollout), ['wrong-digest']);
  });

  it('comes from another digest also where there is nothing to compare with', () => {
    const world = bench({}, reading({ traffic: home(null), running: [] }));
    world.until(({ phase }) => phase.kind === 'promoting');
    world.target = { ...world.target, running: [running(CANDIDATE, { digest: STABLE.digest })] };
    world.until(isEnded);
    assert.equal(verdictOf(world.rollout), 'rolled back');
    assert.deepEqual(reasonsOf(world.rollout), ['wrong-digest']);
  });

  it('takes traffic home when nothing can be seen for too long', () => {
    const world = bench();
    world.until(isHolding);
    world.until(({ phase }) => phase.kind === 'rolling-back', {
      targets: { web: { kind: 'outage', error: 'timeout' } },
    });
    world.until(isEnded);
    assert.equal(verdictOf(world.rollout), 'aborted');
    assert.deepEqual(reasonsOf(world.rollout), ['blind']);
  });

  it('from a candidate that does not start ends the rollout before any traffic', () => {
    const world = bench();
    world.turn();
    world.target = {
      ...world.target,
      running: [running(STABLE), running(CANDIDATE, { healthy: 0, failed: true, trouble: 'not found' })],
    };
    world.turn();
    world.until(isEnded);
    assert.equal(verdictOf(world.rollout), 'aborted');
    assert.deepEqual(reasonsOf(world.rollout), ['does-not-start']);
  });
});

describe('a rollback', () => {
  it('is asked for again until it has happened', () => {
    const world = bench();
    world.until(isHolding);
    world.turn({ commands: [command({ kind: 'rollback' })] });
    const split = { ...world.target, traffic: { stable: STABLE, candidate: CANDIDATE, weight: 10 } };
    for (let turns = 0; turns < 50; turns += 1) {
      world.target = split;
      assert.equal(
        world.turn().actions.some(({ kind }) => kind === 'apply'),
        true,
      );
      assert.equal(world.rollout.phase.kind, 'rolling-back');
    }
  });

  it('is tried also where nothing can be seen', () => {
    const world = bench();
    world.until(isHolding);
    world.turn({ commands: [command({ kind: 'rollback' })] });
    const { actions } = world.turn({ targets: { web: { kind: 'outage', error: 'timeout' } } });
    assert.deepEqual(actions, [{ kind: 'apply', target: 'web', traffic: home(STABLE) }]);
  });

  it('does not take users from what works to what does not', () => {
    const world = bench();
    world.until(isHolding);
    world.target = { ...world.target, running: [running(STABLE, { healthy: 0 }), running(CANDIDATE)] };
    const { actions } = world.turn({ commands: [command({ kind: 'rollback' })] });
    assert.equal(
      actions.some(({ kind }) => kind === 'apply'),
      false,
    );
  });

  it('works after promotion, while the old release is warm', () => {
    const world = bench();
    world.until(isEnded);
    const { answers, block } = world.turn({ commands: [command({ kind: 'rollback' })] });
    assert.equal(answers[0]?.accepted, true);
    assert.equal(block?.release.name, CANDIDATE.name);
    world.until(isEnded);
    assert.equal(verdictOf(world.rollout), 'rolled back');
    assert.deepEqual(world.target.traffic.stable, STABLE);
  });

  it('takes every target back when one does not follow', () => {
    const world = bench();
    world.until(({ phase }) => phase.kind === 'progressing');
    const stuck = world.target;
    world.until(({ phase }) => {
      world.target = { ...stuck, guard: world.target.guard };
      return phase.kind === 'rolling-back';
    });
    world.until(isEnded);
    assert.deepEqual(reasonsOf(world.rollout), ['did-not-follow']);
  });
});

describe('a command', () => {
  it('pauses and resumes', () => {
    const world = bench();
    world.until(isHolding);
    world.turn({ commands: [command({ kind: 'pause' })] });
    for (let turns = 0; turns < 60; turns += 1) world.turn();
    assert.equal(labelOf(world.rollout), 'holding at 10 %');
    world.turn({ commands: [command({ kind: 'resume' })] });
    assert.equal(labelOf(world.rollout), 'moving at 50 %');
  });

  it('does not keep a paused rollout from rolling back', () => {
    const world = bench();
    world.until(isHolding);
    world.turn({ commands: [command({ kind: 'pause' })] });
    world.turn(samples(compared(sample(100, 30))));
    assert.equal(world.rollout.phase.kind, 'rolling-back');
  });

  it('promotes one step, or with full all the way', () => {
    const world = bench();
    world.until(isHolding);
    world.turn({ commands: [command({ kind: 'promote', full: false })] });
    assert.equal(labelOf(world.rollout), 'moving at 50 %');
    world.turn({ commands: [command({ kind: 'promote', full: true })] });
    assert.equal(world.rollout.phase.kind, 'promoting');
  });

  it('promotes no step twice when it comes twice', () => {
    const world = bench();
    world.until(isHolding);
    const { answers } = world.turn({ commands: [1, 2].map(() => command({ kind: 'promote', full: false })) });
    assert.deepEqual(
      answers.map(({ accepted }) => accepted),
      [true, false],
    );
    assert.equal(labelOf(world.rollout), 'moving at 50 %');
  });

  it('loses to bad news of the same moment', () => {
    const world = bench();
    world.until(isHolding);
    const { answers } = world.turn({
      commands: [command({ kind: 'promote', full: true })],
      ...samples(compared(sample(100, 30))),
    });
    assert.equal(world.rollout.phase.kind, 'rolling-back');
    assert.equal(answers[0]?.accepted, false);
  });

  it('is refused with a sentence when it makes no sense', () => {
    const world = bench();
    world.until(isEnded);
    const { answers } = world.turn({ commands: [command({ kind: 'pause' })] });
    assert.deepEqual(
      answers.map(({ text }) => text),
      ['it has ended: promoted'],
    );
  });
});
