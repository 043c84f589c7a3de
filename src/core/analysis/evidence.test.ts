import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { sample, START } from '../../../test/builders.ts';
import { beginEvidence, type Evidence, type Interval, learn } from './evidence.ts';
import { usualSettings } from './settings.ts';

const SETTINGS = usualSettings([
  { weight: 10, hold: 60_000 },
  { weight: 50, hold: 60_000 },
]);
const WITH_LIMIT = { ...SETTINGS, slo: { errors: 0.01, latency: 500 } };
const FRESH = beginEvidence(WITH_LIMIT, { web: sample(5_000, 5), worker: null });

function interval(from: number, changes: Partial<Interval> = {}): Interval {
  return {
    target: 'web',
    step: 0,
    weight: 10,
    from: START + from,
    to: START + from + 1_000,
    arms: { candidate: sample(10, 1), stable: sample(90) },
    flush: false,
    ...changes,
  };
}

function learnAll(intervals: readonly Interval[], evidence: Evidence = FRESH): Evidence {
  return intervals.reduce((known, each) => learn(known, WITH_LIMIT, each), evidence);
}

describe('learning', () => {
  it('takes an interval once', () => {
    const once = learnAll([interval(0)]);
    assert.notEqual(once, FRESH);
    assert.equal(learn(once, WITH_LIMIT, interval(0)), once);
    assert.equal(once.targets['web']?.cursor, START + 1_000);
    assert.deepEqual(once.targets['web']?.counted, {
      candidate: { requests: 10, bad: 1 },
      stable: { requests: 90, bad: 0 },
    });
  });

  it('leaves other targets alone, and knows only its own', () => {
    const once = learnAll([interval(0)]);
    assert.equal(once.targets['worker'], FRESH.targets['worker']);
    assert.equal(learn(once, WITH_LIMIT, interval(0, { target: 'nobody' })), once);
  });

  it('waits for enough requests, and does not wait at the end of a step', () => {
    const few = { candidate: sample(1), stable: sample(18) };
    assert.equal(learnAll([interval(0, { arms: few })]), FRESH);
    assert.notEqual(learnAll([interval(0, { arms: few, flush: true })]), FRESH);
  });

  it('waits for a second if single blocks are not to decide', () => {
    const capped = { ...WITH_LIMIT, cap: true };
    const short = interval(0, { to: START + 900 });
    assert.equal(learn(FRESH, capped, short), FRESH);
    assert.notEqual(learn(FRESH, capped, interval(0)), FRESH);
    assert.notEqual(learn(FRESH, WITH_LIMIT, short), FRESH);
  });

  it('judges no empty stretch of time', () => {
    assert.equal(learnAll([interval(0, { to: START, flush: true })]), FRESH);
  });

  it('goes on after a gap in which traffic was shifted', () => {
    const gap = learnAll([interval(0), interval(30_000, { step: 1, weight: 50 })]);
    assert.deepEqual(gap.targets['web']?.step, { index: 1, judged: 1_000 });
  });

  it('gathers what speaks for the candidate anew at each step, and keeps what speaks against it', () => {
    const first = learnAll([interval(0), interval(1_000)]).targets['web'];
    const second = learnAll([interval(0), interval(1_000), interval(2_000, { step: 1 })]).targets['web'];
    assert.equal(first?.errors.inFavour.mixture.judged, 2_000);
    assert.equal(second?.errors.inFavour.mixture.judged, 1_000);
    assert.equal(second?.errors.against.mixture.judged, 3_000);
  });

  it('does not judge what weighs nothing', () => {
    const errorsOnly = { ...SETTINGS, weights: { errors: 1, latency: 0, traffic: 0 } };
    const before = beginEvidence(errorsOnly, { web: null });
    const web = learn(before, errorsOnly, interval(0)).targets['web'];
    assert.equal(web?.latency, before.targets['web']?.latency);
    assert.equal(web?.traffic, before.targets['web']?.traffic);
    assert.notEqual(web?.errors, before.targets['web']?.errors);
  });
});

describe('learning, whatever is delivered again', () => {
  /** Intervals in order, some too small to be judged: as many requests as milliseconds, in all. */
  const lengths = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 12 });
  const inOrder = lengths.map((each) => {
    let from = 0;
    return each.map((length) => {
      const arms = { candidate: sample(Math.floor(length / 10)), stable: sample(length) };
      const made = interval(from, { to: START + from + length, arms });
      from += length;
      return made;
    });
  });

  it('is not changed by replays', () => {
    const repeated = inOrder.chain((intervals) =>
      fc
        .array(fc.nat({ max: intervals.length - 1 }), { maxLength: 10 })
        .map((again) => ({ intervals, again })),
    );
    fc.assert(
      fc.property(repeated, ({ intervals, again }) => {
        let evidence = FRESH;
        for (const [index, each] of intervals.entries()) {
          evidence = learn(evidence, WITH_LIMIT, { ...each, flush: true });
          for (const old of again.filter((position) => position <= index)) {
            const replay = intervals[old];
            if (replay !== undefined) assert.equal(learn(evidence, WITH_LIMIT, replay), evidence);
          }
        }
      }),
    );
  });

  it('is not changed by having asked too early', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 18 }), { maxLength: 8 }), (early) => {
        let evidence = FRESH;
        for (const requests of early.toSorted((a, b) => a - b)) {
          const arms = { candidate: sample(1), stable: sample(requests) };
          evidence = learn(evidence, WITH_LIMIT, interval(0, { to: START + requests, arms }));
        }
        assert.deepEqual(learnAll([interval(0)], evidence), learnAll([interval(0)]));
      }),
    );
  });

  it('survives JSON between any two blocks', () => {
    fc.assert(
      fc.property(inOrder, (intervals) => {
        let stored = FRESH;
        for (const each of intervals) stored = JSON.parse(JSON.stringify(learn(stored, WITH_LIMIT, each)));
        assert.deepEqual(stored, learnAll(intervals));
      }),
    );
  });
});
