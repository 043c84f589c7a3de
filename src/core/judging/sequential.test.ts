import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ANALYSIS, type Bench, bench, compared, plan, reading, sample } from '../../../test/builders.ts';
import type { Observation } from '../observation.ts';
import type { Analysis } from '../plan.ts';
import type { Sample } from '../sample.ts';
import { questions } from './judge.ts';
import { replay } from '../replay.ts';

/** A rollout of one step at 10 % that is judged by the analysis alone. */
function analysed(analysis: Partial<Analysis> = {}, changes: Parameters<typeof plan>[0] = {}): Bench {
  const steps = [{ weight: 10, hold: 20_000 }];
  return bench({ plan: plan({ steps, checks: [], analysis: { ...ANALYSIS, ...analysis }, ...changes }) });
}

/** What the metrics answer to whatever is asked: the same counts for every second of the window. */
function answering(world: Bench, candidate: Sample, stable: Sample = sample(90)): Partial<Observation> {
  const asked = questions(world.rollout, world.now + 1_000);
  const answers = asked.map(({ check, window }) => [
    check,
    { kind: 'ok', value: { window, stable, candidate } },
  ]);
  return { samples: { web: Object.fromEntries(answers) } };
}

function untilEnded(world: Bench, candidate: Sample, stable?: Sample): string {
  for (let turn = 0; turn < 200; turn += 1) {
    world.turn(answering(world, candidate, stable));
    const { phase } = world.rollout;
    if (phase.kind === 'ended') return phase.verdict.kind;
    if (phase.kind === 'held') return 'held';
  }
  return world.rollout.phase.kind;
}

function reasonsOf(world: Bench): readonly string[] {
  const { phase } = world.rollout;
  const reasons = phase.kind === 'ended' ? phase.verdict.reasons : phase.kind === 'held' ? phase.reasons : [];
  return reasons.map(({ code }) => code);
}

describe('a rollout that is judged by the analysis', () => {
  it('is promoted when the candidate is as stable', () => {
    assert.equal(untilEnded(analysed(), sample(10)), 'promoted');
  });

  it('is rolled back when the candidate fails, and says by which measure', () => {
    const world = analysed();
    assert.equal(untilEnded(world, sample(10, 5)), 'rolled back');
    assert.deepEqual(reasonsOf(world), ['worse']);
  });

  it('does not judge a target that is not seen: its guard may have taken traffic home meanwhile', () => {
    const world = analysed();
    world.until(
      ({ phase }) => phase.kind === 'progressing' && phase.stage === 'holding',
      answering(world, sample(10)),
    );
    const unseen = { targets: { web: { kind: 'outage' as const, error: 'connection refused' } } };
    const cursor = () => world.rollout.evidence?.targets['web']?.cursor;
    world.turn(answering(world, sample(10)));
    const before = cursor();
    world.turn({ ...answering(world, sample(0), sample(100)), ...unseen });
    assert.equal(cursor(), before);
    world.turn(answering(world, sample(10)));
    assert.notEqual(cursor(), before);
  });

  it('is not rolled back by what hits both', () => {
    assert.notEqual(untilEnded(analysed(), sample(10, 5), sample(90, 45)), 'rolled back');
  });

  it('is rolled back when the candidate is slow, but not when it is hardly slower', () => {
    assert.equal(untilEnded(analysed(), sample(10, 0, 300)), 'rolled back');
    assert.equal(untilEnded(analysed(), sample(10, 0, 28)), 'promoted');
    assert.equal(untilEnded(analysed({ ignoreSlowdown: 0 }), sample(10, 0, 28)), 'rolled back');
  });

  it('is rolled back when the candidate answers nothing, unless that is not judged', () => {
    assert.equal(untilEnded(analysed(), sample(0)), 'rolled back');
    assert.equal(untilEnded(analysed({ presence: false }), sample(0)), 'held');
  });

  it('is held when there is too little to judge by, as the plan says', () => {
    const world = analysed();
    assert.equal(untilEnded(world, sample(0), sample(3)), 'held');
    assert.ok(reasonsOf(world).includes('would-be-missed'));
    assert.equal(untilEnded(analysed({}, { onInconclusive: 'promote' }), sample(0), sample(3)), 'promoted');
  });

  it('may be held or only reported instead of rolled back', () => {
    assert.equal(untilEnded(analysed({ onFailure: 'hold' }), sample(10, 5)), 'held');
    assert.equal(untilEnded(analysed({ onFailure: 'report' }), sample(10, 5)), 'promoted');
  });

  it('is held, and nobody is blamed, when stable breaks the promise as well', () => {
    const world = analysed({ slo: { errors: 0.01, latency: null } });
    assert.equal(untilEnded(world, sample(10, 2), sample(90, 18)), 'held');
    assert.deepEqual(reasonsOf(world), ['both-breach']);
  });

  it('ends a step before its time when it is proved good, if the plan allows', () => {
    const steps = [{ weight: 10, hold: 3_600_000 }];
    const early = analysed({ promoteEarly: { margin: 0.05, after: 5_000 } }, { steps });
    assert.equal(untilEnded(early, sample(10)), 'promoted');
    assert.equal(untilEnded(analysed({}, { steps }), sample(10)), 'progressing');
  });
});

describe('the analysis', () => {
  it('asks for every moment once', () => {
    const world = analysed();
    let heardUntil = 0;
    for (let turn = 0; turn < 15; turn += 1) {
      world.turn(answering(world, sample(10)));
      for (const { check, window } of questions(world.rollout, world.now + 1_000)) {
        if (check !== 'analysis') continue;
        assert.ok(window.from >= heardUntil);
        heardUntil = window.from;
      }
    }
    assert.ok(heardUntil > 0);
  });

  it('takes nothing in while traffic is not as wished', () => {
    const world = analysed();
    world.until(({ phase }) => phase.kind === 'progressing' && phase.stage === 'holding');
    world.turn(answering(world, sample(10)));
    const known = world.rollout.evidence;
    world.target = { ...world.target, traffic: { ...world.target.traffic, weight: 3 } };
    const decision = world.turn(answering(world, sample(10, 10)));
    assert.deepEqual([decision.rollout.evidence, decision.intervals], [known, []]);
  });

  it('learns the past of stable before the candidate gets traffic', () => {
    const world = analysed();
    world.until(({ phase }) => phase.kind === 'preparing');
    const past = sample(5_000, 7);
    world.turn({ samples: { web: { history: compared(sample(0), past) } } });
    assert.deepEqual(world.rollout.history['web'], past);
  });

  it('comes to the same end when what it took in is judged again', () => {
    const world = analysed();
    const intervals = [];
    while (world.rollout.phase.kind !== 'ended') {
      const turned = world.turn(answering(world, sample(10, 1)));
      intervals.push(...turned.intervals);
    }
    const again = replay(world.rollout, intervals, world.rollout.plan);
    const [reason] = world.rollout.phase.verdict.reasons;
    assert.deepEqual(again?.stopped?.reason, reason);
    const lenient = { ...world.rollout.plan, analysis: { ...ANALYSIS, alpha: 1e-9 } };
    assert.equal(replay(world.rollout, intervals, lenient)?.stopped, null);
    assert.equal(replay(world.rollout, intervals, { ...world.rollout.plan, analysis: null }), null);
  });

  it('judges no target on which traffic cannot be split', () => {
    const world = analysed();
    world.target = reading({ traffic: { stable: null, candidate: null, weight: 0 }, running: [] });
    world.until(({ phase }) => phase.kind === 'ended');
    assert.equal(world.rollout.evidence, null);
  });
});
