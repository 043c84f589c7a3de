import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededChance } from './chance.ts';
import { nextFate, SPARED, type Faults } from './faults.ts';

const HARMLESS: Faults = {
  errorRate: 0,
  latency: 0,
  latencyRate: 1,
  after: 0,
  crashAfter: null,
  neverReady: false,
  seed: 1,
};

function fates(faults: Partial<Faults>, count: number, elapsed = 0) {
  const chance = seededChance(1);
  return Array.from({ length: count }, () => nextFate({ ...HARMLESS, ...faults }, chance, elapsed));
}

test('without faults every request is spared', () => {
  assert.deepEqual(fates({}, 3), [SPARED, SPARED, SPARED]);
});

test('rates of 0 and 1 mean none and all', () => {
  assert(fates({ errorRate: 1 }, 1_000).every(({ fails }) => fails));
  assert(fates({ errorRate: 0 }, 1_000).every(({ fails }) => !fails));
  assert(fates({ latency: 5, latencyRate: 1 }, 1_000).every(({ latency }) => latency === 5));
  assert(fates({ latency: 5, latencyRate: 0 }, 1_000).every(({ latency }) => latency === 0));
});

test('in the long run the shares are as asked, and independent of each other', () => {
  const count = 100_000;
  const drawn = fates({ errorRate: 0.3, latency: 5, latencyRate: 0.1 }, count);
  const failing = drawn.filter(({ fails }) => fails);
  const slowAndFailing = failing.filter(({ latency }) => latency > 0);
  assert(Math.abs(failing.length / count - 0.3) < 0.006);
  assert(Math.abs(slowAndFailing.length / count - 0.03) < 0.003);
});

test('before their time faults spare everyone, and from then on hit those they would have hit', () => {
  const faults = { errorRate: 0.5, latency: 5, after: 1_000 };
  assert(fates(faults, 100, 999).every((fate) => fate === SPARED));
  assert.deepEqual(fates(faults, 100, 1_000), fates({ ...faults, after: 0 }, 100));
});

test('the latency settings do not change which requests fail', () => {
  const slow = fates({ errorRate: 0.5, latency: 5, latencyRate: 0.5 }, 100);
  const fast = fates({ errorRate: 0.5 }, 100);
  assert.deepEqual(
    slow.map(({ fails }) => fails),
    fast.map(({ fails }) => fails),
  );
});

test('a seed gives the same numbers everywhere', () => {
  const chance = seededChance(42);
  // From the published reference implementation of mulberry32.
  assert.deepEqual(
    [chance(), chance(), chance()],
    [0.6011037519201636, 0.44829055899754167, 0.8524657934904099],
  );
});
