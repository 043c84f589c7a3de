import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bench, command, plan, START } from '../../../test/builders.ts';
import type { Command } from '../command.ts';
import type { GateAnswer } from '../observation.ts';
import { sayEntry } from '../journal.ts';
import { askedOverrides, type Override } from './override.ts';
import { validApprovals } from './approval.ts';
import type { Rollout } from '../rollout.ts';

const HOUR = 3_600_000;
const TWO = plan({ approval: { people: 2, from: null, expires: HOUR } });
const WAITING: readonly GateAnswer[] = [{ gate: 'approval', kind: 'waiting', detail: 'not yet' }];
const FROZEN: readonly GateAnswer[] = [
  { gate: 'turn', kind: 'open' },
  { gate: 'freeze', kind: 'closed', detail: 'it is Friday' },
];
const APPROVE: Command = { kind: 'approve' };

function asked(gate: Override['gate'], note: string = 'users cannot pay'): Override {
  return { gate, by: 'ann', note, allowed: null };
}

/** A rollout at its gates, and what people are told. */
function atTheGates(changes: Partial<Rollout> = {}, gates: readonly GateAnswer[] = WAITING) {
  const world = bench(changes);
  const say = (by: string, given: Command = APPROVE) => {
    const [answer] = world.turn({ gates, commands: [command(given, by, world.now)] }).answers;
    return `${answer?.accepted === true ? 'yes' : 'no'}: ${answer?.text}`;
  };
  return { world, say, people: () => validApprovals(world.rollout, world.now).map(({ by }) => by) };
}

describe('an approval', () => {
  it('counts for each person once, and says how many there are', () => {
    const { say, people } = atTheGates({ plan: TWO });
    assert.equal(say('bob'), 'yes: approved, 1 of 2');
    assert.equal(say('bob'), 'no: bob has approved already, and counts once');
    assert.equal(say('cem'), 'yes: approved, 2 of 2');
    assert.deepEqual(people(), ['bob', 'cem']);
  });

  it('is not for whoever asked for the rollout', () => {
    const { say, people } = atTheGates({ plan: TWO });
    assert.equal(say('ann'), 'no: whoever asked for it cannot approve it');
    assert.deepEqual(people(), []);
  });

  it('is for those who may, and names them', () => {
    const from = ['bob', 'cem', 'ann'];
    const { say } = atTheGates({ plan: plan({ approval: { people: 1, from, expires: HOUR } }) });
    assert.equal(say('eve'), 'no: eve may not approve here; bob or cem may');
    assert.equal(say('ann'), 'no: whoever asked for it cannot approve it');
    assert.equal(say('cem'), 'yes: approved, 1 of 1');
  });

  it('ends, and may be given again', () => {
    const { world, say, people } = atTheGates({ plan: TWO });
    const given = world.now;
    say('bob');
    world.now = given + HOUR;
    assert.deepEqual(people(), ['bob']);
    world.now += 1;
    assert.deepEqual(people(), []);
    assert.equal(say('bob'), 'yes: approved, 1 of 2');
    assert.deepEqual(people(), ['bob']);
  });

  it('that nobody heard in its time does not count', () => {
    const { world } = atTheGates({ plan: TWO });
    const late = command(APPROVE, 'bob', world.now);
    world.now += 2 * HOUR;
    const [answer] = world.turn({ gates: WAITING, commands: [late] }).answers;
    assert.equal(answer?.text, 'that was said 2 h ago, and counts for 60 min: say it again');
    assert.deepEqual(world.rollout.approvals, []);
  });

  it('does not count because it is written down', () => {
    const from = ['ann', 'bob'];
    const rules = plan({ approval: { people: 1, from, expires: HOUR } });
    const forged = ['ann', 'eve'].map((by) => ({ by, at: START, note: null }));
    assert.deepEqual(atTheGates({ plan: rules, approvals: forged }).people(), []);
    const twice = ['bob', 'bob'].map((by) => ({ by, at: START, note: null }));
    assert.deepEqual(atTheGates({ plan: rules, approvals: twice }).people(), ['bob']);
  });

  it('is given by nobody where only who asked for the rollout may', () => {
    const rules = plan({ approval: { people: 1, from: ['ann'], expires: HOUR } });
    assert.equal(atTheGates({ plan: rules }).say('bob'), 'no: bob may not approve here; nobody may');
  });

  it('is told when none is needed', () => {
    assert.equal(atTheGates().say('bob'), 'no: it needs no approval');
    const back = atTheGates({ plan: { ...TWO, purpose: 'return' } });
    assert.equal(back.say('bob'), 'no: it needs no approval');
  });

  it('comes too late once it has begun', () => {
    const { world, say } = atTheGates({ plan: TWO });
    world.until(({ phase }) => phase.kind === 'preparing');
    assert.equal(say('bob'), 'no: it has begun already, so it needs no approval any more');
  });

  it('is in the journal, and so is one that does not count', () => {
    const { world } = atTheGates({ plan: TWO });
    const commands = [command(APPROVE, 'bob'), command(APPROVE, 'ann')];
    const told = world.turn({ gates: WAITING, commands }).entries.map(sayEntry);
    assert.deepEqual(told, [
      'bob: approve: approved, 1 of 2',
      'ann: approve: whoever asked for it cannot approve it',
    ]);
  });
});

describe('a rejection', () => {
  it('ends a rollout at its gates', () => {
    const { world, say } = atTheGates({ plan: TWO });
    assert.equal(say('bob', { kind: 'reject' }), 'yes: rejected');
    assert.ok(world.rollout.phase.kind === 'ended');
    assert.equal(world.rollout.phase.verdict.kind, 'rejected');
    assert.deepEqual(
      world.rollout.phase.verdict.reasons.map(({ code }) => code),
      ['not-approved'],
    );
  });

  it('does not end one that has begun', () => {
    const { world, say } = atTheGates();
    world.until(({ phase }) => phase.kind === 'preparing');
    assert.match(say('bob', { kind: 'reject' }), /^no: it has begun already; `canary rollback`/);
  });
});

describe('an override', () => {
  it('lets a rollout wait at a closed gate until a second person allows it', () => {
    const { world, say } = atTheGates({ overrides: [asked('freeze')] }, FROZEN);
    world.turn({ gates: FROZEN });
    assert.equal(world.rollout.phase.kind, 'gating');
    assert.match(JSON.stringify(world.rollout.waitingFor), /ann asks to overrule it \(users cannot pay\)/);
    assert.equal(say('ann'), 'no: whoever asked for it cannot approve it');
    assert.equal(world.rollout.phase.kind, 'gating');
    assert.equal(say('bob'), 'yes: approved; this also overrules freeze for 60 min (users cannot pay)');
    assert.equal(world.rollout.phase.kind, 'preparing');
  });

  it('is in the journal with both people, their reason and what the gate said', () => {
    const { world } = atTheGates({ overrides: [asked('freeze')] }, FROZEN);
    const { entries } = world.turn({ gates: FROZEN, commands: [command(APPROVE, 'bob')] });
    const told = entries.map(sayEntry).join('\n');
    assert.match(told, /freeze was overruled by ann \(users cannot pay\) and bob; it said: it is Friday/);
  });

  it('is of one gate, and of no other', () => {
    const closed: GateAnswer = { gate: 'supply chain', kind: 'closed', detail: 'no signature' };
    const { world, say } = atTheGates({ overrides: [asked('freeze')] }, [...FROZEN, closed]);
    say('bob');
    assert.ok(world.rollout.phase.kind === 'ended');
    assert.equal(world.rollout.phase.verdict.kind, 'rejected');
  });

  it('of the supply chain goes for all that is asked of an image, but not for blocks', () => {
    const closed = (gate: string): GateAnswer => ({ gate, kind: 'closed', detail: 'no' });
    const gates = ['supply chain', 'promotion', 'floor'].map(closed);
    const passed = atTheGates({ overrides: [asked('supply chain')] }, gates);
    passed.say('bob');
    assert.equal(passed.world.rollout.phase.kind, 'preparing');
    assert.equal(passed.world.rollout.admission, null, 'nothing was proved');
    const blocked = atTheGates({ overrides: [asked('supply chain')] }, [closed('blocked digests')]);
    blocked.say('bob');
    assert.equal(blocked.world.rollout.phase.kind, 'ended');
  });

  it('ends, and has to be allowed anew', () => {
    const gates: readonly GateAnswer[] = [...FROZEN, ...WAITING];
    const rules = plan({ overrideFor: HOUR });
    const { world, say } = atTheGates({ plan: rules, overrides: [asked('freeze')] }, gates);
    say('bob');
    world.now += HOUR + 1;
    world.turn({ gates: FROZEN });
    assert.equal(world.rollout.phase.kind, 'gating');
    assert.match(JSON.stringify(world.rollout.waitingFor), /the consent of bob was for 60 min only/);
    assert.deepEqual(askedOverrides(world.rollout, world.now).length, 1);
    assert.match(say('bob'), /^yes: approved; this also overrules freeze/);
  });

  it('is not made longer by another approval', () => {
    const rules = plan({ approval: { people: 2, from: null, expires: HOUR }, overrideFor: HOUR });
    const gates: readonly GateAnswer[] = [...FROZEN, ...WAITING];
    const { world, say } = atTheGates({ plan: rules, overrides: [asked('freeze')] }, gates);
    say('bob');
    world.now += HOUR / 2;
    assert.equal(say('cem'), 'yes: approved, 2 of 2');
    world.now += HOUR / 2;
    assert.equal(askedOverrides(world.rollout, world.now).length, 1);
  });

  it('without a reason is not heard', () => {
    const { world } = atTheGates({ overrides: [asked('freeze', '  ')] }, FROZEN);
    world.turn({ gates: FROZEN });
    assert.equal(world.rollout.phase.kind, 'ended');
  });

  it('takes two people, whatever was written down', () => {
    const allowed = { by: 'ann', at: START, until: START + HOUR };
    const { world } = atTheGates({ overrides: [{ ...asked('freeze'), allowed }] }, FROZEN);
    world.turn({ gates: FROZEN });
    assert.equal(world.rollout.phase.kind, 'gating');
  });

  it('is not allowed by somebody who may not approve', () => {
    const rules = plan({ approval: { people: 1, from: ['bob'], expires: HOUR } });
    const { world, say } = atTheGates({ plan: rules, overrides: [asked('freeze')] }, FROZEN);
    assert.equal(say('eve'), 'no: eve may not approve here; bob may');
    assert.equal(world.rollout.phase.kind, 'gating');
  });
});
