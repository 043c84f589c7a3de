import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { counters } from './counters.ts';

const START = 1_000_000_000;

function at(start: number) {
  const clock = { now: start };
  return { clock, count: counters(() => clock.now) };
}

describe('the counters', () => {
  it('count each release by itself, in whole slices', () => {
    const { clock, count } = at(START);
    count.record('a', { failed: false, latency: 5 });
    count.record('a', { failed: true, latency: 5 });
    clock.now += 100;
    count.record('b', { failed: false, latency: 5 });
    assert.equal(count.completeUntil(), START + 100);
    const window = { from: START, to: START + 100 };
    assert.deepEqual([count.between('a', window).requests, count.between('a', window).failed], [2, 1]);
    assert.equal(count.between('b', window).requests, 0);
    assert.equal(count.between('b', { from: START + 100, to: START + 200 }).requests, 1);
  });

  it('leave out a slice that is only partly in the window', () => {
    const { count } = at(START + 50);
    count.record('a', { failed: false, latency: 5 });
    assert.equal(count.between('a', { from: START + 10, to: START + 100 }).requests, 0);
    assert.equal(count.between('a', { from: START, to: START + 90 }).requests, 0);
  });

  it('put the latency of what ended well into its bucket', () => {
    const { count } = at(START);
    for (const latency of [5, 5, 500]) count.record('a', { failed: false, latency });
    count.record('a', { failed: true, latency: 1 });
    const { latency } = count.between('a', { from: START, to: START + 100 });
    assert.deepEqual(
      latency.filter((hits) => hits > 0),
      [2, 1],
    );
  });

  it('keep half an hour, the old part by the second, and lose nothing on the way', () => {
    const { clock, count } = at(START);
    const slices = 20 * 60 * 10;
    for (let slice = 0; slice < slices; slice += 1) {
      clock.now = START + slice * 100;
      count.record('a', { failed: slice % 10 === 0, latency: 5 });
    }
    const all = count.between('a', { from: START, to: clock.now + 100 });
    assert.deepEqual([all.requests, all.failed], [slices, slices / 10]);
    const minute = count.between('a', { from: START + 60_000, to: START + 120_000 });
    assert.equal(minute.requests, 600);
    clock.now = START + 40 * 60_000;
    count.record('a', { failed: false, latency: 5 });
    assert.equal(count.between('a', { from: START, to: START + 600_000 }).requests, 0);
  });
});
