import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ADMISSION,
  type Bench,
  bench,
  command,
  compared,
  imageRelease,
  plan,
  running,
  sample,
  STABLE,
} from '../../test/builders.ts';
import { labelOf } from './turn/move.ts';
import type { GateAnswer, Observation } from './observation.ts';
import { sayReason } from './reason.ts';
import { mustRecheck } from './permission/recheck.ts';
import { type Rollout, statusOf } from './rollout.ts';
import { home } from './traffic.ts';

const IMAGE = imageRelease('1.1.0');
const OPEN: GateAnswer = { gate: 'supply chain', kind: 'open', admission: ADMISSION };
const SILENT: GateAnswer = { gate: 'supply chain', kind: 'waiting', detail: 'the registry does not answer' };
const CLOSED: GateAnswer = {
  gate: 'supply chain',
  kind: 'closed',
  detail: 'the signature is gone',
  refusals: [{ code: 'UNSIGNED', detail: 'nothing vouches for it', remedy: 'Sign it.' }],
};
const GONE: Partial<Observation> = { gates: [CLOSED] };
const BACK: Partial<Observation> = { gates: [OPEN] };
const OUTAGE: Partial<Observation> = { gates: [SILENT] };
const WORSE: Observation['samples'] = { web: { errors: compared(sample(100, 30)) } };

const isHolding = ({ phase }: Rollout) => phase.kind === 'progressing' && phase.stage === 'holding';
const isEnded = ({ phase }: Rollout) => phase.kind === 'ended';

/** A rollout of an image that was let in by its evidence, and is where it is asked for. */
function letIn(until: (rollout: Rollout) => boolean, changes: Partial<Rollout> = {}): Bench {
  const world = bench({ candidate: IMAGE, ...changes });
  world.turn(BACK);
  if (!until(world.rollout)) world.until(until, BACK);
  return world;
}

/** So many turns in which the gates answer so. */
function turns(world: Bench, count: number, seen: Partial<Observation>): void {
  for (let turn = 0; turn < count; turn += 1) world.turn(seen);
}

function said({ rollout }: Bench): string {
  return rollout.waitingFor.map(sayReason).join('; ');
}

describe('a candidate whose evidence is lost at 10 %', () => {
  it('stays at 10 %, and says why', () => {
    const world = letIn(isHolding);
    turns(world, 300, GONE);
    assert.equal(labelOf(world.rollout), 'holding at 10 %');
    assert.equal(world.target.traffic.weight, 10);
    assert.match(said(world), /supply chain: the signature is gone/);
    assert.equal(statusOf(world.rollout), 'paused');
  });

  it('is told of once in the journal, and once again when it is back', () => {
    const world = letIn(isHolding);
    const entries = [GONE, GONE, GONE, BACK, BACK].flatMap((seen) => world.turn(seen).entries);
    const codes = entries.flatMap((entry) => (entry.kind === 'noted' ? [entry.reason.code] : []));
    assert.equal(codes.length, 2);
    assert.equal(codes[1], 'recheck-passed');
  });

  it('is still rolled back when it gets worse', () => {
    const world = letIn(isHolding);
    turns(world, 5, GONE);
    world.turn({ ...GONE, samples: WORSE });
    assert.equal(labelOf(world.rollout), 'rolling-back');
    world.until(isEnded, GONE);
    assert.equal(statusOf(world.rollout), 'rolled back');
    assert.deepEqual(world.target.traffic, home(STABLE));
  });

  it('goes on when the evidence is good again', () => {
    const world = letIn(isHolding);
    turns(world, 60, GONE);
    world.until(isEnded, BACK);
    assert.equal(statusOf(world.rollout), 'promoted');
    assert.equal(world.target.traffic.stable?.name, IMAGE.name);
  });

  it('is not moved on by a person', () => {
    for (const full of [false, true]) {
      const world = letIn(isHolding);
      const { answers } = world.turn({ ...GONE, commands: [command({ kind: 'promote', full })] });
      assert.equal(answers[0]?.accepted, false);
      assert.match(answers[0]?.text ?? '', /the signature is gone/);
      turns(world, 5, GONE);
      assert.equal(labelOf(world.rollout), 'holding at 10 %');
    }
  });

  it('is taken back by a person like any other', () => {
    for (const kind of ['rollback', 'abort'] as const) {
      const world = letIn(isHolding);
      turns(world, 3, GONE);
      world.turn({ ...GONE, commands: [command({ kind })] });
      world.until(isEnded, GONE);
      assert.deepEqual(world.target.traffic, home(STABLE));
    }
  });

  it('is paused and resumed like any other, and stays where it is all the same', () => {
    const world = letIn(isHolding);
    const pause = world.turn({ ...GONE, commands: [command({ kind: 'pause' })] });
    assert.equal(pause.answers[0]?.accepted, true);
    turns(world, 20, GONE);
    const resume = world.turn({ ...GONE, commands: [command({ kind: 'resume' })] });
    assert.equal(resume.answers[0]?.accepted, true);
    turns(world, 20, GONE);
    assert.equal(labelOf(world.rollout), 'holding at 10 %');
    assert.equal(statusOf(world.rollout), 'paused');
    world.until(isEnded, BACK);
    assert.equal(statusOf(world.rollout), 'promoted');
  });

  it('stays paused by a person when the evidence is good again', () => {
    const world = letIn(isHolding);
    world.turn({ ...GONE, commands: [command({ kind: 'pause' })] });
    turns(world, 60, BACK);
    assert.equal(labelOf(world.rollout), 'holding at 10 %');
    assert.equal(statusOf(world.rollout), 'paused');
  });

  it('is not moved on for want of evidence of another kind', () => {
    const world = letIn(isHolding, { plan: plan({ onInconclusive: 'promote' }) });
    turns(world, 60, { ...GONE, samples: { web: { errors: { kind: 'ok', value: null } } } });
    assert.equal(labelOf(world.rollout), 'holding at 10 %');
  });

  it('is not proven good early', () => {
    const world = letIn(isHolding);
    turns(world, 30, GONE);
    assert.equal(world.rollout.phase.kind === 'progressing' && world.rollout.phase.step, 0);
  });

  it('keeps the admission that it was let in by', () => {
    const world = letIn(isHolding);
    turns(world, 3, GONE);
    turns(world, 3, { gates: [{ ...OPEN, admission: { ...ADMISSION, policy: 'another' } }] });
    assert.deepEqual(world.rollout.admission, ADMISSION);
  });
});

describe('a candidate whose evidence is lost on the way to more traffic', () => {
  const isMovingTo50 = (rollout: Rollout) => labelOf(rollout) === 'moving at 50 %';

  it('gets no more of it, and is not blamed for that', () => {
    const world = letIn(isMovingTo50);
    world.target = { ...world.target, traffic: { stable: STABLE, candidate: IMAGE, weight: 10 } };
    turns(world, 300, GONE);
    assert.equal(world.target.traffic.weight, 10);
    assert.equal(labelOf(world.rollout), 'moving at 50 %');
    world.until(isEnded, BACK);
    assert.equal(statusOf(world.rollout), 'promoted');
  });

  it('gets none again that the guard took home', () => {
    const world = letIn(isHolding);
    world.turn(GONE);
    world.target = { ...world.target, traffic: home(STABLE) };
    turns(world, 100, GONE);
    assert.equal(world.target.traffic.weight, 0);
    world.until(isHolding, BACK);
    assert.equal(world.target.traffic.weight, 10);
  });

  it('is brought down to where it should be when somebody gives it more', () => {
    const world = letIn(isHolding);
    world.turn(GONE);
    world.target = { ...world.target, traffic: { stable: STABLE, candidate: IMAGE, weight: 80 } };
    turns(world, 5, GONE);
    assert.equal(world.target.traffic.weight, 10);
  });

  it('gets none at all when it is lost before there was any', () => {
    const world = letIn(({ phase }) => phase.kind === 'preparing');
    turns(world, 30, GONE);
    assert.equal(world.target.traffic.weight, 0);
    world.until(isEnded, BACK);
    assert.equal(statusOf(world.rollout), 'promoted');
  });

  it('does not become stable where there is nothing to compare with', () => {
    const world = bench(
      { candidate: IMAGE },
      { traffic: home(null), fence: null, running: [], guard: { armed: null, firedAt: null } },
    );
    world.turn(BACK);
    turns(world, 30, GONE);
    assert.equal(world.target.traffic.stable, null);
  });

  it('is promoted when that was decided before', () => {
    const world = letIn(({ phase }) => phase.kind === 'promoting');
    world.until(isEnded, GONE);
    assert.equal(statusOf(world.rollout), 'promoted');
  });
});

describe('a gate that does not answer', () => {
  /** A step of so many seconds. */
  const oneStep = (seconds: number) => ({ plan: plan({ steps: [{ weight: 10, hold: seconds * 1_000 }] }) });

  it('holds the candidate up while it is tried, and then lets it go by what was seen last', () => {
    const world = letIn(isHolding, oneStep(10));
    turns(world, 8, BACK);
    turns(world, 10, OUTAGE);
    assert.equal(labelOf(world.rollout), 'holding at 10 %');
    assert.match(said(world), /has to be seen again before it goes on: the registry does not answer/);
    world.turn(OUTAGE);
    assert.equal(labelOf(world.rollout), 'promoting');
  });

  it('does not let it go by what was seen more than five minutes ago, and does not take it back', () => {
    const world = letIn(isHolding, oneStep(301));
    turns(world, 2_000, OUTAGE);
    assert.equal(labelOf(world.rollout), 'holding at 10 %');
    assert.equal(world.target.traffic.weight, 10);
    assert.equal(statusOf(world.rollout), 'paused');
    assert.match(said(world), /the registry does not answer/);
    world.until(isEnded, BACK);
    assert.equal(statusOf(world.rollout), 'promoted');
  });

  it('is no reason to go on by what a person says', () => {
    const world = letIn(isHolding, oneStep(301));
    turns(world, 301, OUTAGE);
    const { answers } = world.turn({ ...OUTAGE, commands: [command({ kind: 'promote', full: true })] });
    assert.equal(answers[0]?.accepted, false);
    assert.equal(labelOf(world.rollout), 'holding at 10 %');
  });

  it('does not take back what was said against the candidate before', () => {
    const world = letIn(isHolding);
    world.turn(GONE);
    turns(world, 900, OUTAGE);
    assert.equal(labelOf(world.rollout), 'holding at 10 %');
    assert.equal(statusOf(world.rollout), 'paused');
  });

  it('lets it go on when it answers again', () => {
    const world = letIn(isHolding);
    turns(world, 60, OUTAGE);
    world.until(isEnded, BACK);
    assert.equal(statusOf(world.rollout), 'promoted');
  });

  it('does not keep bad news from taking it back', () => {
    const world = letIn(isHolding);
    world.turn(OUTAGE);
    world.turn({ ...OUTAGE, samples: WORSE });
    assert.equal(world.rollout.phase.kind, 'rolling-back');
  });
});

describe('the gates', () => {
  it('are asked again in every step before the next', () => {
    const world = letIn(isHolding);
    for (const [here, next] of [
      ['holding at 10 %', 'moving at 50 %'],
      ['holding at 50 %', 'promoting'],
    ] as const) {
      world.until((rollout) => labelOf(rollout) === here || labelOf(rollout) === next, BACK);
      turns(world, 60, { gates: [] });
      assert.equal(labelOf(world.rollout), here);
      assert.match(said(world), /it is being asked/);
      assert.ok(mustRecheck(world.rollout, world.now));
      world.turn(BACK);
      assert.equal(labelOf(world.rollout), next);
    }
  });

  it('are not asked all the time where a person has paused it before the next step', () => {
    const world = letIn(isHolding);
    turns(world, 30, { gates: [] });
    world.turn({ ...BACK, commands: [command({ kind: 'pause' })] });
    assert.ok(!mustRecheck(world.rollout, world.now + 1_000));
  });

  it('are asked when a person wants it to go on, and have the last word', () => {
    const world = letIn(isHolding, { plan: plan({ steps: [{ weight: 10, hold: 3_600_000 }] }) });
    world.turn(BACK);
    turns(world, 30, { gates: [] });
    const promote = [command({ kind: 'promote', full: true })];
    assert.ok(!mustRecheck(world.rollout, world.now));
    assert.ok(mustRecheck(world.rollout, world.now, promote));
    const lost = world.turn({ ...GONE, commands: promote });
    assert.equal(lost.answers[0]?.accepted, false);
    const good = world.turn({ ...BACK, commands: [command({ kind: 'promote', full: true })] });
    assert.equal(good.answers[0]?.accepted, true);
    assert.equal(labelOf(world.rollout), 'promoting');
  });

  it('are not asked for a person who wants it to go on just after they were', () => {
    const world = letIn(isHolding);
    world.turn(BACK);
    turns(world, 5, { gates: [] });
    const promote = [command({ kind: 'promote', full: false })];
    assert.ok(!mustRecheck(world.rollout, world.now, promote));
    assert.equal(world.turn({ gates: [], commands: promote }).answers[0]?.accepted, true);
  });

  it('are asked again every minute of a long step', () => {
    const world = letIn(isHolding, { plan: plan({ steps: [{ weight: 10, hold: 3_600_000 }] }) });
    world.turn(BACK);
    assert.ok(!mustRecheck(world.rollout, world.now + 59_999));
    assert.ok(mustRecheck(world.rollout, world.now + 60_000));
  });

  it('are asked sooner when the last answer was not good', () => {
    for (const seen of [GONE, OUTAGE]) {
      const world = letIn(isHolding);
      world.turn(seen);
      assert.ok(!mustRecheck(world.rollout, world.now + 1_000));
      assert.ok(mustRecheck(world.rollout, world.now + 10_000));
    }
  });

  it('are not asked again once the candidate is going back, is promoted or has ended', () => {
    const back = letIn(isHolding);
    back.turn({ ...GONE, commands: [command({ kind: 'rollback' })] });
    assert.equal(back.rollout.phase.kind, 'rolling-back');
    assert.ok(!mustRecheck(back.rollout, back.now + 3_600_000));
    const promoting = letIn(({ phase }) => phase.kind === 'promoting');
    assert.ok(!mustRecheck(promoting.rollout, promoting.now + 3_600_000));
    promoting.until(isEnded, BACK);
    assert.ok(!mustRecheck(promoting.rollout, promoting.now + 3_600_000));
  });

  it('are not asked again where no evidence was asked for', () => {
    const world = bench();
    world.until(isHolding);
    assert.equal(world.rollout.recheck, null);
    assert.ok(!mustRecheck(world.rollout, world.now + 3_600_000));
  });

  it('have to be open all of them', () => {
    const world = letIn(isHolding);
    turns(world, 60, { gates: [OPEN, { gate: 'another', kind: 'closed', detail: 'not any more' }] });
    assert.equal(labelOf(world.rollout), 'holding at 10 %');
    assert.match(said(world), /not any more/);
  });
});

describe('a held candidate', () => {
  it('does not go on when the metrics come and the evidence is gone', () => {
    const world = letIn(isHolding);
    world.until(({ phase }) => phase.kind === 'held', {
      ...BACK,
      samples: { web: { errors: { kind: 'ok', value: null } } },
    });
    turns(world, 60, GONE);
    assert.equal(world.rollout.phase.kind, 'held');
    world.until(isEnded, BACK);
    assert.equal(statusOf(world.rollout), 'promoted');
  });

  it('goes home when nobody decides, evidence or not', () => {
    const limits = { prepare: 60_000, follow: 30_000, blind: 15_000, held: 30_000 };
    const world = letIn(isHolding, { plan: plan({ limits }) });
    world.until(({ phase }) => phase.kind === 'held', {
      ...BACK,
      samples: { web: { errors: { kind: 'ok', value: null } } },
    });
    world.until(isEnded, { ...GONE, samples: { web: { errors: { kind: 'ok', value: null } } } });
    assert.equal(statusOf(world.rollout), 'aborted');
  });

  it('goes home when the candidate goes down', () => {
    const world = letIn(isHolding);
    turns(world, 3, GONE);
    world.target = { ...world.target, running: [running(STABLE), running(IMAGE, { healthy: 0 })] };
    world.turn(GONE);
    assert.equal(world.rollout.phase.kind, 'rolling-back');
  });
});
