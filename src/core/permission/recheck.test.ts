import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bench, type Bench, command, compared, plan, sample } from '../../../test/builders.ts';
import type { Admission } from './admission.ts';
import { sayEntry } from '../journal.ts';
import { labelOf } from '../turn/move.ts';
import type { GateAnswer, Observation } from '../observation.ts';
import { mustRecheck } from './recheck.ts';
import { statusOf } from '../rollout.ts';

const GATE = 'supply chain';
const ADMISSION: Admission = { policy: 'sha256:1', evidence: [], builtAt: null };
const GOOD: GateAnswer = { gate: GATE, kind: 'open', admission: ADMISSION };
const REFUSAL = { code: 'VULNERABLE', detail: 'CVE-2026-1 is critical', remedy: 'update' };
const BAD: GateAnswer = { gate: GATE, kind: 'closed', detail: REFUSAL.detail, refusals: [REFUSAL] };
const SILENT: GateAnswer = { gate: GATE, kind: 'waiting', detail: 'the registry answered 503' };
const LONG = plan({
  steps: [
    { weight: 10, hold: 120_000 },
    { weight: 50, hold: 120_000 },
  ],
});

/** A rollout that a gate has let in, and asks that gate again when it is time for it, as the engine does. */
function admitted(rules = LONG) {
  const world = bench({ plan: rules });
  let answer: GateAnswer = GOOD;
  let asked = 0;
  const seen = (changes: Partial<Observation> = {}): Partial<Observation> => {
    const isAsked = world.rollout.phase.kind === 'gating' || mustRecheck(world.rollout, world.now + 1_000);
    asked += isAsked ? 1 : 0;
    return { gates: isAsked ? [answer] : [], ...changes };
  };
  const told: string[] = [];
  const turn = (changes: Partial<Observation> = {}) => {
    const decision = world.turn(seen(changes));
    told.push(...decision.entries.map(sayEntry));
    return decision;
  };
  const self = {
    world,
    told,
    asked: () => asked,
    says: (next: GateAnswer) => void (answer = next),
    turn,
    for(seconds: number, changes: Partial<Observation> = {}) {
      for (let second = 0; second < seconds; second += 1) turn(changes);
      return self;
    },
    until(label: string) {
      for (let turns = 0; labelOf(world.rollout) !== label; turns += 1) {
        assert.ok(turns < 600, `it is ${labelOf(world.rollout)}, and never ${label}`);
        turn();
      }
      return self;
    },
  };
  return self;
}

function weight({ target }: Bench): number {
  return target.traffic.weight;
}

describe('evidence that is looked at again', () => {
  it('is remembered from the moment that all gates are passed', () => {
    const world = bench();
    const closed: GateAnswer = { gate: 'approval', kind: 'waiting', detail: '0 of 1' };
    world.turn({ gates: [GOOD, closed] });
    assert.equal(world.rollout.admission, null);
    world.turn({ gates: [GOOD] });
    assert.deepEqual(world.rollout.admission, ADMISSION);
  });

  it('is looked at as well when another gate was overruled', () => {
    const override = { gate: 'freeze' as const, by: 'ann', note: 'urgent', allowed: null };
    const world = bench({ overrides: [override] });
    const frozen: GateAnswer = { gate: 'freeze', kind: 'closed', detail: 'Friday' };
    world.turn({ gates: [GOOD, frozen], commands: [command({ kind: 'approve' })] });
    assert.equal(world.rollout.phase.kind, 'preparing');
    assert.ok(mustRecheck(world.rollout, world.now + LONG.recheckEvery));
  });

  it('is asked for in every phase, and every while, and not more often', () => {
    const run = admitted().until('holding at 10 %');
    const before = run.asked();
    run.for(59);
    assert.equal(run.asked() - before, 1, 'in the new phase');
    run.for(60);
    assert.equal(run.asked() - before, 2);
    run.until('moving at 50 %').turn();
    assert.equal(run.asked() - before, 3);
  });

  it('that is bad stops the rollout where it is, shows as paused, and lets it go on by itself', () => {
    const run = admitted().until('holding at 10 %').for(5);
    run.says(BAD);
    run.for(300);
    assert.equal(labelOf(run.world.rollout), 'holding at 10 %');
    assert.equal(weight(run.world), 10);
    assert.equal(statusOf(run.world.rollout), 'paused');
    assert.match(JSON.stringify(run.world.rollout.waitingFor), /VULNERABLE.*update/);
    const lines = run.told.filter((text) => text.includes('CVE-2026-1'));
    assert.equal(lines.length, 1, 'it is told once');
    run.says(GOOD);
    run.until('promoted');
    assert.ok(run.told.includes('what it was let in by is good again'));
  });

  it('that is bad does not keep a worse candidate from being taken back', () => {
    const run = admitted().until('holding at 10 %').for(5);
    run.says(BAD);
    run.for(70);
    assert.equal(statusOf(run.world.rollout), 'paused');
    run.for(5, { samples: { web: { errors: compared(sample(100, 60)) } } });
    assert.equal(labelOf(run.world.rollout), 'rolled back');
  });

  it('that is bad is not passed by a person either', () => {
    const run = admitted().until('holding at 10 %').for(5);
    run.says(BAD);
    run.for(70);
    for (const full of [false, true]) {
      const [answer] = run.turn({ commands: [command({ kind: 'promote', full })] }).answers;
      assert.equal(answer?.accepted, false);
      assert.match(answer?.text ?? '', /not good any more.*CVE-2026-1/);
    }
    assert.equal(labelOf(run.world.rollout), 'holding at 10 %');
  });

  it('that turned bad while the candidate was being prepared keeps it from any traffic', () => {
    const rules = { ...LONG, limits: { ...LONG.limits, prepare: 600_000 } };
    const run = admitted(rules).until('preparing');
    const failing = { smoke: { web: { kind: 'failed' as const, detail: 'not yet' } } };
    run.says(BAD);
    run.for(70, failing).for(60);
    assert.equal(labelOf(run.world.rollout), 'preparing');
    assert.equal(weight(run.world), 0);
  });

  it('stays bad while the gate does not answer', () => {
    const run = admitted().until('holding at 10 %').for(5);
    run.says(BAD);
    run.for(70);
    run.says(SILENT);
    run.for(200);
    assert.equal(labelOf(run.world.rollout), 'holding at 10 %');
  });

  it('counts for a while when the gate does not answer', () => {
    const run = admitted().until('holding at 10 %').for(5);
    run.says(SILENT);
    run.until('moving at 50 %');
    assert.ok(!run.told.some((text) => text.includes('503')), 'nobody is bothered');
  });

  it('does not count for ever when the gate does not answer, which is told once', () => {
    const slow = { ...LONG, steps: LONG.steps.map((step) => ({ ...step, hold: 200_000 })) };
    const run = admitted(slow).until('holding at 10 %').for(5);
    run.says(SILENT);
    run.for(900);
    assert.equal(labelOf(run.world.rollout), 'holding at 50 %');
    assert.equal(statusOf(run.world.rollout), 'paused');
    assert.equal(run.told.filter((text) => text.includes('503')).length, 1);
    run.says(GOOD);
    run.until('promoted');
  });

  it('is waited for at a new step before what was seen last counts', () => {
    const quick = plan({
      steps: [
        { weight: 10, hold: 1_000 },
        { weight: 50, hold: 1_000 },
      ],
    });
    const run = admitted(quick).until('moving at 10 %');
    run.says(SILENT);
    run.for(8);
    assert.equal(labelOf(run.world.rollout), 'holding at 10 %');
    run.for(8);
    assert.notEqual(labelOf(run.world.rollout), 'holding at 10 %');
  });
});
