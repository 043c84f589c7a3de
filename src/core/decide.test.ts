import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  bench,
  CANDIDATE,
  command,
  compared,
  plan,
  reading,
  running,
  sample,
  STABLE,
} from '../../test/builders.ts';
import { sayReason } from './reason.ts';
import { home } from './traffic.ts';
import { wishedWeight } from './wish.ts';
import { labelOf } from './move.ts';
import type { Observation } from './observation.ts';
import type { Rollout } from './rollout.ts';

const isHolding = ({ phase }: Rollout) => phase.kind === 'progressing' && phase.stage === 'holding';
const isEnded = ({ phase }: Rollout) => phase.kind === 'ended';
const samples = (reading: Observation['samples'][string][string]) => ({
  samples: { web: { errors: reading } },
});

function verdictOf({ phase }: Rollout) {
  return phase.kind === 'ended' ? phase.verdict.kind : phase.kind;
}

function reasonsOf({ phase }: Rollout): readonly string[] {
  return phase.kind === 'ended' ? phase.verdict.reasons.map((reason) => reason.code) : [];
}

describe('a rollout', () => {
  it('goes through its steps and is promoted', () => {
    const it = bench();
    const labels = new Set<string>();
    it.until((rollout) => {
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
    assert.equal(it.target.traffic.stable?.name, CANDIDATE.name);
  });

  it('keeps the old release warm for the rollback window, and then lets it go', () => {
    const it = bench();
    it.until(isEnded);
    assert.deepEqual(
      it.target.running.map(({ release }) => release.name),
      ['1.0.0', '1.1.0'],
    );
    it.now += 600_000;
    it.until(({ phase }) => phase.kind === 'ended' && phase.settled);
    assert.deepEqual(
      it.target.running.map(({ release }) => release.name),
      ['1.1.0'],
    );
    assert.equal(it.turn().wakeAt, null);
  });

  it('goes straight up when there is nothing to compare with', () => {
    const it = bench({}, reading({ traffic: home(null), running: [] }));
    it.until(isEnded);
    assert.equal(verdictOf(it.rollout), 'promoted');
    assert.equal(it.target.traffic.stable?.name, CANDIDATE.name);
  });

  it('has nothing to do for what is stable already', () => {
    const it = bench({ candidate: STABLE });
    it.turn();
    assert.equal(verdictOf(it.rollout), 'promoted');
    assert.deepEqual(reasonsOf(it.rollout), ['already-stable']);
  });

  it('is rejected by a closed gate, before anything was touched', () => {
    const it = bench();
    const decision = it.turn({ gates: [{ gate: 'freeze', kind: 'closed', detail: 'until Monday' }] });
    assert.equal(verdictOf(it.rollout), 'rejected');
    assert.deepEqual(decision.actions, []);
    assert.equal(decision.wakeAt, null);
  });

  it('waits for a gate that is not open yet, and says for which', () => {
    const it = bench();
    it.turn({ gates: [{ gate: 'approval', kind: 'waiting', detail: '1 of 2 people' }] });
    assert.equal(it.rollout.phase.kind, 'gating');
    assert.equal(it.rollout.waitingFor.map(sayReason).join(), 'waiting for approval: 1 of 2 people');
  });
});

describe('a step', () => {
  it('gives no traffic before the guard is seen to be armed', () => {
    const it = bench();
    it.until(({ phase }) => phase.kind === 'progressing');
    const kinds = new Set<string>();
    it.target = { ...it.target, guard: { armed: null, firedAt: null } };
    for (let turns = 0; turns < 5; turns += 1) {
      for (const { kind } of it.turn().actions) kinds.add(kind);
      it.target = { ...it.target, guard: { armed: null, firedAt: null } };
    }
    assert.deepEqual([...kinds], ['arm']);
  });

  it('gives no traffic to a candidate that is not up', () => {
    const it = bench();
    it.until(({ phase }) => phase.kind === 'progressing');
    it.target = {
      ...it.target,
      running: [running(STABLE, { healthy: 0 }), running(CANDIDATE, { healthy: 0 })],
    };
    for (let turns = 0; turns < 5; turns += 1) it.turn();
    assert.equal(it.target.traffic.weight, 0);
  });

  it('holds while data is missing, and asks a person when its time is twice over', () => {
    const it = bench();
    it.until(isHolding);
    it.until(({ phase }) => phase.kind === 'held', samples({ kind: 'ok', value: null }));
    assert.equal(it.now - it.rollout.createdAt > 20_000, true);
    assert.equal(wishedWeight(it.rollout), 10);
    assert.equal(it.rollout.waitingFor.length, 0);
  });

  it('goes on undecided when the plan says so', () => {
    const it = bench({ plan: plan({ onInconclusive: 'promote' }) });
    it.until(isEnded, samples({ kind: 'ok', value: null }));
    assert.equal(verdictOf(it.rollout), 'promoted');
  });

  it('does not end while nobody watches', () => {
    const it = bench();
    it.until(isHolding);
    it.now += 3_600_000;
    it.turn();
    assert.equal(labelOf(it.rollout), 'holding at 10 %');
  });

  it('begins anew when its traffic was changed by something else', () => {
    const it = bench();
    it.until(isHolding);
    it.target = { ...it.target, traffic: home(STABLE) };
    it.turn();
    assert.equal(labelOf(it.rollout), 'moving at 10 %');
    it.until(isHolding);
    assert.equal(it.target.traffic.weight, 10);
  });

  it('writes again over an older fence, although the traffic looks right', () => {
    const it = bench();
    it.until(isHolding);
    it.target = { ...it.target, fence: { sequence: 1, revision: 1 } };
    const { actions } = it.turn();
    assert.deepEqual(
      actions.map(({ kind }) => kind).filter((kind) => kind !== 'arm'),
      ['apply'],
    );
  });
});

describe('bad news', () => {
  it('rolls back at once, and blocks the digest', () => {
    const it = bench();
    it.until(isHolding);
    const decision = it.turn(samples(compared(sample(100, 30))));
    assert.equal(it.rollout.phase.kind, 'rolling-back');
    assert.equal(decision.block?.release.digest, CANDIDATE.digest);
    assert.deepEqual(it.target.traffic, home(STABLE));
    it.until(isEnded);
    assert.equal(verdictOf(it.rollout), 'rolled back');
    assert.deepEqual(reasonsOf(it.rollout), ['check-failed']);
  });

  it('is no news when it hits both sides', () => {
    const it = bench();
    it.until(isHolding);
    it.turn(samples(compared(sample(100, 30), sample(900, 250))));
    assert.equal(labelOf(it.rollout), 'holding at 10 %');
  });

  it('ends without blame when there is no stable traffic to compare with', () => {
    const it = bench({ plan: plan({ steps: [{ weight: 100, hold: 10_000 }] }) });
    it.until(isHolding);
    const decision = it.turn(samples(compared(sample(100, 30), sample(0))));
    it.until(isEnded);
    assert.equal(decision.block, null);
    assert.equal(verdictOf(it.rollout), 'aborted');
  });

  it('only holds, or only reports, where the plan says so', () => {
    for (const [onFailure, expected] of [
      ['hold', 'held at 10 %'],
      ['report', 'holding at 10 %'],
    ] as const) {
      const checks = plan().checks.map((check) => ({ ...check, onFailure }));
      const it = bench({ plan: plan({ checks }) });
      it.until(isHolding);
      it.turn(samples(compared(sample(100, 30))));
      assert.equal(labelOf(it.rollout), expected);
    }
  });

  it('comes from a candidate whose instances are all down', () => {
    const it = bench();
    it.until(isHolding);
    it.target = {
      ...it.target,
      running: [running(STABLE), running(CANDIDATE, { healthy: 0, trouble: 'exited with code 1' })],
    };
    it.turn();
    it.until(isEnded);
    assert.deepEqual(reasonsOf(it.rollout), ['candidate-down']);
  });

  it('is not that everything is down', () => {
    const it = bench();
    it.until(isHolding);
    it.target = {
      ...it.target,
      running: [running(STABLE, { healthy: 0 }), running(CANDIDATE, { healthy: 0 })],
    };
    it.turn();
    assert.equal(labelOf(it.rollout), 'holding at 10 %');
  });

  it('comes from another digest than the one that was asked for', () => {
    const it = bench();
    it.until(isHolding);
    it.target = { ...it.target, running: [running(STABLE), running(CANDIDATE, { digest: STABLE.digest })] };
    it.turn();
    it.until(isEnded);
    assert.deepEqual(reasonsOf(it.rollout), ['wrong-digest']);
  });

  it('takes traffic home when nothing can be seen for too long', () => {
    const it = bench();
    it.until(isHolding);
    it.until(({ phase }) => phase.kind === 'rolling-back', {
      targets: { web: { kind: 'outage', error: 'timeout' } },
    });
    it.until(isEnded);
    assert.equal(verdictOf(it.rollout), 'aborted');
    assert.deepEqual(reasonsOf(it.rollout), ['blind']);
  });

  it('from a candidate that does not start ends the rollout before any traffic', () => {
    const it = bench();
    it.turn();
    it.target = {
      ...it.target,
      running: [running(STABLE), running(CANDIDATE, { healthy: 0, failed: true, trouble: 'not found' })],
    };
    it.turn();
    it.until(isEnded);
    assert.equal(verdictOf(it.rollout), 'aborted');
    assert.deepEqual(reasonsOf(it.rollout), ['does-not-start']);
  });
});

describe('a rollback', () => {
  it('is asked for again until it has happened', () => {
    const it = bench();
    it.until(isHolding);
    it.turn({ commands: [command({ kind: 'rollback' })] });
    const split = { ...it.target, traffic: { stable: STABLE, candidate: CANDIDATE, weight: 10 } };
    for (let turns = 0; turns < 50; turns += 1) {
      it.target = split;
      assert.equal(
        it.turn().actions.some(({ kind }) => kind === 'apply'),
        true,
      );
      assert.equal(it.rollout.phase.kind, 'rolling-back');
    }
  });

  it('is tried also where nothing can be seen', () => {
    const it = bench();
    it.until(isHolding);
    it.turn({ commands: [command({ kind: 'rollback' })] });
    const { actions } = it.turn({ targets: { web: { kind: 'outage', error: 'timeout' } } });
    assert.deepEqual(actions, [{ kind: 'apply', target: 'web', traffic: home(STABLE) }]);
  });

  it('does not take users from what works to what does not', () => {
    const it = bench();
    it.until(isHolding);
    it.target = { ...it.target, running: [running(STABLE, { healthy: 0 }), running(CANDIDATE)] };
    const { actions } = it.turn({ commands: [command({ kind: 'rollback' })] });
    assert.equal(
      actions.some(({ kind }) => kind === 'apply'),
      false,
    );
  });

  it('works after promotion, while the old release is warm', () => {
    const it = bench();
    it.until(isEnded);
    const { answers, block } = it.turn({ commands: [command({ kind: 'rollback' })] });
    assert.equal(answers[0]?.accepted, true);
    assert.equal(block?.release.name, CANDIDATE.name);
    it.until(isEnded);
    assert.equal(verdictOf(it.rollout), 'rolled back');
    assert.deepEqual(it.target.traffic.stable, STABLE);
  });

  it('takes every target back when one does not follow', () => {
    const it = bench();
    it.until(({ phase }) => phase.kind === 'progressing');
    const stuck = it.target;
    it.until(({ phase }) => {
      it.target = { ...stuck, guard: it.target.guard };
      return phase.kind === 'rolling-back';
    });
    it.until(isEnded);
    assert.deepEqual(reasonsOf(it.rollout), ['did-not-follow']);
  });
});

describe('a command', () => {
  it('pauses and resumes', () => {
    const it = bench();
    it.until(isHolding);
    it.turn({ commands: [command({ kind: 'pause' })] });
    for (let turns = 0; turns < 60; turns += 1) it.turn();
    assert.equal(labelOf(it.rollout), 'holding at 10 %');
    it.turn({ commands: [command({ kind: 'resume' })] });
    assert.equal(labelOf(it.rollout), 'moving at 50 %');
  });

  it('does not keep a paused rollout from rolling back', () => {
    const it = bench();
    it.until(isHolding);
    it.turn({ commands: [command({ kind: 'pause' })] });
    it.turn(samples(compared(sample(100, 30))));
    assert.equal(it.rollout.phase.kind, 'rolling-back');
  });

  it('promotes one step, or with full all the way', () => {
    const it = bench();
    it.until(isHolding);
    it.turn({ commands: [command({ kind: 'promote', full: false })] });
    assert.equal(labelOf(it.rollout), 'moving at 50 %');
    it.turn({ commands: [command({ kind: 'promote', full: true })] });
    assert.equal(it.rollout.phase.kind, 'promoting');
  });

  it('promotes no step twice when it comes twice', () => {
    const it = bench();
    it.until(isHolding);
    const { answers } = it.turn({ commands: [1, 2].map(() => command({ kind: 'promote', full: false })) });
    assert.deepEqual(
      answers.map(({ accepted }) => accepted),
      [true, false],
    );
    assert.equal(labelOf(it.rollout), 'moving at 50 %');
  });

  it('loses to bad news of the same moment', () => {
    const it = bench();
    it.until(isHolding);
    const { answers } = it.turn({
      commands: [command({ kind: 'promote', full: true })],
      ...samples(compared(sample(100, 30))),
    });
    assert.equal(it.rollout.phase.kind, 'rolling-back');
    assert.equal(answers[0]?.accepted, false);
  });

  it('is refused with a sentence when it makes no sense', () => {
    const it = bench();
    it.until(isEnded);
    const { answers } = it.turn({ commands: [command({ kind: 'pause' })] });
    assert.deepEqual(
      answers.map(({ text }) => text),
      ['it has ended: promoted'],
    );
  });
});
