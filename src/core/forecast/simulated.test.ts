import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { near, scene } from '../../../test/scenes.ts';
import { chanceAfter } from './computed.ts';
import { isLittle, simulatedFate } from './simulated.ts';

const [RUNS, SEED] = [600, 3];

/** About three standard errors of the chances below. */
const CHANCE = 0.05;

describe('what becomes of a bad candidate, played with chance', () => {
  it('is as simulated independently with little traffic', () => {
    for (const { rps, weight, rate, found } of [
      { rps: 1, weight: 10, rate: 0.18, found: 0.82 },
      { rps: 1, weight: 50, rate: 0.09, found: 0.83 },
      { rps: 10, weight: 10, rate: 0.025, found: 0.86 },
      { rps: 10, weight: 1, rate: 0.13, found: 0.8 },
      { rps: 1, weight: 1, rate: 0.73, found: 0.57 },
    ])
      near(simulatedFate(scene({ rps, weight }), rate, RUNS, SEED).found, found, CHANCE);
  });

  it('is as simulated independently with more traffic', () => {
    const fate = simulatedFate(scene(), 0.01, 200, SEED);
    near(fate.failed, 6.1, 0.6);
    near((fate.backAfter ?? NaN) / 1_000, 51, 8);
    near(simulatedFate(scene({ stable: 0.01 }), 0.021, 200, SEED).found, 0.91, 0.07);
  });

  it('promises less than computation where requests are few', () => {
    for (const few of [scene({ rps: 0.1, weight: 50 }), scene({ rps: 1, weight: 1 })]) {
      assert.ok(isLittle(few));
      assert.ok(simulatedFate(few, 0.7, RUNS, SEED).found < chanceAfter(few, 0.7, few.judged) - CHANCE);
    }
    assert.ok(!isLittle(scene({ rps: 1, weight: 10 })));
  });

  it('judges what is left at the end of the step', () => {
    // 20 requests make a block; these are fewer, and all of the candidate's fail.
    const short = scene({ rps: 1, weight: 50, judged: 17_000 });
    assert.ok(simulatedFate(short, 1, RUNS, SEED).found > 0.5);
  });

  it('seldom blames a candidate that is not worse', () => {
    assert.ok(simulatedFate(scene({ rps: 1, weight: 50, stable: 0.1 }), 0.1, RUNS, SEED).found <= 0.02);
  });

  it('is the same for the same seed', () => {
    const few = scene({ rps: 0.5, weight: 20 });
    assert.deepEqual(simulatedFate(few, 0.5, 50, 7), simulatedFate(few, 0.5, 50, 7));
  });

  it('hears all targets together', () => {
    const three = simulatedFate(scene({ rps: 3, weight: 50, targets: 3 }), 0.2, 100, SEED);
    assert.ok(three.found > 0.9, `${three.found}`);
  });

  it('finds nothing in no time and without requests', () => {
    for (const nothing of [scene({ judged: 0 }), scene({ rps: 0 })]) {
      assert.ok(isLittle(nothing));
      assert.deepEqual(simulatedFate(nothing, 1, 5, SEED), {
        rate: 1,
        found: 0,
        failed: 0,
        backAfter: null,
      });
    }
  });
});
