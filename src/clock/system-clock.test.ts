import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { systemClock } from './system-clock.ts';

describe('the system clock', () => {
  it('tells the time of day, forwards', () => {
    const clock = systemClock();
    const first = clock.now();
    assert.ok(Math.abs(first - Date.now()) < 1_000);
    assert.ok(clock.now() >= first);
  });

  it('waits, and stops waiting when it is told to', async () => {
    const clock = systemClock();
    const elapsed = clock.stopwatch();
    await clock.wait(20);
    assert.ok(elapsed() >= 19);
    const ending = new AbortController();
    const waiting = clock.wait(3_600_000, ending.signal);
    ending.abort();
    await waiting;
    await clock.wait(3_600_000, ending.signal);
  });
});
