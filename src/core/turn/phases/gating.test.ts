import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ADMISSION, bench, command, imageRelease, START } from '../../../../test/builders.ts';
import type { Admission } from '../../permission/admission.ts';
import { sayEntry } from '../../journal.ts';
import type { GateAnswer } from '../../observation.ts';
import type { Override } from '../../permission/override.ts';
import { sayReason } from '../../reason.ts';
import { statusOf, type Rollout } from '../../rollout.ts';

const IMAGE = imageRelease('1.1.0');
const TURN: GateAnswer = { gate: 'turn', kind: 'open' };
const OPEN: GateAnswer = { gate: 'supply chain', kind: 'open', admission: ADMISSION };
const REFUSAL = { code: 'VULNERABLE', detail: 'one critical', remedy: 'Update it.' };
const CLOSED: GateAnswer = {
  gate: 'supply chain',
  kind: 'closed',
  detail: 'one critical vulnerability',
  refusals: [REFUSAL],
};
const FROZEN: GateAnswer = { gate: 'freeze', kind: 'closed', detail: 'it is the weekend' };
const WAITING: GateAnswer = { gate: 'approval', kind: 'waiting', detail: '1 of 2' };

function asks(gate: Override['gate']): Partial<Rollout> {
  return { candidate: IMAGE, overrides: [{ gate, by: 'ann', note: 'shop is down', allowed: null }] };
}

/** A rollout to which the gates give these answers, turn by turn, and what is said of it then. */
function after(answers: readonly (readonly GateAnswer[])[], changes: Partial<Rollout> = {}) {
  const world = bench({ candidate: IMAGE, ...changes });
  const entries = answers.flatMap((gates) => world.turn({ gates: [TURN, ...gates] }).entries);
  return {
    world,
    status: statusOf(world.rollout),
    story: entries.map(sayEntry).join('\n'),
    waiting: world.rollout.waitingFor.map(sayReason).join('; '),
  };
}

const YES = { commands: [command({ kind: 'approve' }, 'bob')] };

describe('the gates', () => {
  it('let a rollout begin when all of them are open in the same turn, and no sooner', () => {
    assert.equal(after([[OPEN, { gate: 'freeze', kind: 'open' }]]).status, 'preparing');
    assert.equal(after([[OPEN, WAITING]]).status, 'gating');
    assert.equal(
      after([[OPEN, WAITING], [{ gate: 'supply chain', kind: 'waiting', detail: '?' }]]).status,
      'gating',
    );
    assert.equal(after([[WAITING], [OPEN]]).status, 'preparing');
  });

  it('reject a rollout when one is closed, also when others only wait', () => {
    const { status, world, story } = after([[WAITING, CLOSED]]);
    assert.equal(status, 'rejected');
    assert.match(story, /refused by supply chain: one critical vulnerability/);
    const { phase } = world.rollout;
    assert.ok(phase.kind === 'ended' && phase.settled);
    assert.deepEqual(phase.verdict.reasons, [
      {
        code: 'gate-closed',
        gate: 'supply chain',
        detail: 'one critical vulnerability',
        refusals: [REFUSAL],
      },
    ]);
  });

  it('say which of them were open', () => {
    assert.match(after([[OPEN]]).story, /all gates are open: turn, supply chain; let in by signature of ci/);
  });

  it('say what they would have refused where that is only reported', () => {
    const { status, story, world } = after([[{ gate: 'supply chain', kind: 'open', reported: [REFUSAL] }]]);
    assert.equal(status, 'preparing');
    assert.match(
      story,
      /supply chain would have refused it where that is enforced: VULNERABLE: one critical/,
    );
    assert.equal(world.rollout.admission, null);
    assert.equal(world.rollout.recheck, null);
  });
});

describe('the admission', () => {
  it('is kept from the turn in which all gates were passed, and is what is asked for again', () => {
    const old: Admission = { ...ADMISSION, policy: 'the one of before' };
    const { world } = after([[{ ...OPEN, admission: old }, WAITING], [OPEN]]);
    assert.deepEqual(world.rollout.admission, ADMISSION);
    assert.deepEqual(world.rollout.recheck, {
      askedAt: START + 2_000,
      passedAt: START + 2_000,
      closed: [],
      trouble: null,
    });
  });

  it('is nothing as long as a gate waits, and of what was rejected', () => {
    assert.equal(after([[OPEN, WAITING]]).world.rollout.admission, null);
    const { rollout } = after([
      [OPEN, WAITING],
      [OPEN, FROZEN],
    ]).world;
    assert.deepEqual([rollout.admission, rollout.recheck], [null, null]);
  });
});

describe('a closed gate that somebody asks to overrule', () => {
  it('waits for a second person', () => {
    const { status, waiting } = after([[CLOSED], [CLOSED], [CLOSED]], asks('supply chain'));
    assert.equal(status, 'gating');
    assert.match(waiting, /one critical vulnerability. ann asks to overrule it \(shop is down\)/);
  });

  it('is not overruled by whoever asked', () => {
    const { world } = after([[CLOSED]], asks('supply chain'));
    const own = { commands: [command({ kind: 'approve' }, 'ann')] };
    world.turn({ ...own, gates: [TURN, CLOSED] });
    world.turn({ gates: [TURN, CLOSED] });
    assert.equal(statusOf(world.rollout), 'gating');
  });

  it('is overruled by the second person, and both are named', () => {
    const { world } = after([[CLOSED]], asks('supply chain'));
    const { entries } = world.turn({ ...YES, gates: [TURN, CLOSED] });
    assert.equal(statusOf(world.rollout), 'preparing');
    assert.match(
      entries.map(sayEntry).join('\n'),
      /all gates are open: turn; supply chain was overruled by ann \(shop is down\) and bob; it said: one critical/,
    );
    assert.equal(world.rollout.admission, null);
  });

  it('is not overruled any more when the consent has expired', () => {
    const { world } = after([[CLOSED, WAITING]], asks('supply chain'));
    world.turn({ ...YES, gates: [TURN, CLOSED, WAITING] });
    world.now += world.rollout.plan.overrideFor;
    world.turn({ gates: [TURN, CLOSED] });
    assert.equal(statusOf(world.rollout), 'gating');
    assert.match(world.rollout.waitingFor.map(sayReason).join(), /the consent of bob was for 60 min only/);
  });

  it('overrules no other gate', () => {
    const { world } = after([[CLOSED]], asks('freeze'));
    assert.equal(statusOf(world.rollout), 'rejected');
  });

  it('is rejected at once by a second person who says no', () => {
    const { world } = after([[CLOSED]], asks('supply chain'));
    const no = { ...command({ kind: 'reject' }, 'bob'), note: 'not on a Friday' };
    const { entries } = world.turn({ commands: [no], gates: [TURN, CLOSED] });
    assert.equal(statusOf(world.rollout), 'rejected');
    assert.match(entries.map(sayEntry).join('\n'), /bob does not approve: not on a Friday/);
  });

  it('leaves the evidence to be asked for again where another gate was overruled', () => {
    const { world } = after([[OPEN, FROZEN]], asks('freeze'));
    world.turn({ ...YES, gates: [TURN, OPEN, FROZEN] });
    assert.equal(statusOf(world.rollout), 'preparing');
    assert.deepEqual(world.rollout.admission, ADMISSION);
    assert.notEqual(world.rollout.recheck, null);
  });
});
