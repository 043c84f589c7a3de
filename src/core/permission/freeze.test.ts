import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FreezeWindow, isFrozen } from './freeze.ts';

const BERLIN = { name: 'weekend', kind: 'weekly' as const, zone: 'Europe/Berlin' };
const at = (text: string) => Date.parse(text);

describe('a freeze', () => {
  it('holds from its beginning to just before its end, by the clock on the wall', () => {
    const window: FreezeWindow = { ...BERLIN, days: [5], from: 15 * 60, to: 24 * 60 };
    assert.ok(!isFrozen(window, at('2026-11-20T13:59:59Z')));
    assert.ok(isFrozen(window, at('2026-11-20T14:00Z')));
    assert.ok(isFrozen(window, at('2026-11-20T22:59:59Z')));
    assert.ok(!isFrozen(window, at('2026-11-20T23:00Z')));
  });

  it('goes on after midnight when its end is not later than its beginning', () => {
    const window: FreezeWindow = { ...BERLIN, days: [5], from: 22 * 60, to: 6 * 60 };
    assert.ok(isFrozen(window, at('2026-11-21T04:59Z')));
    assert.ok(!isFrozen(window, at('2026-11-21T05:00Z')));
    assert.ok(!isFrozen(window, at('2026-11-20T04:59Z')), 'the night before is not meant');
  });

  it('keeps to the wall when summer time begins and ends', () => {
    const window: FreezeWindow = { ...BERLIN, days: [0], from: 12 * 60, to: 13 * 60 };
    for (const noon of ['2026-03-22T11:00Z', '2026-03-29T10:00Z', '2026-10-18T10:00Z', '2026-10-25T11:00Z']) {
      assert.ok(isFrozen(window, at(noon)), noon);
      assert.ok(!isFrozen(window, at(noon) - 1), noon);
    }
  });

  it('is not interrupted when clocks are put back in the middle of it', () => {
    const weekly: FreezeWindow = { ...BERLIN, days: [0], from: 2 * 60 + 30, to: 5 * 60 };
    const once: FreezeWindow = {
      name: 'night',
      kind: 'once',
      zone: 'Europe/Berlin',
      from: '2026-10-25T02:30',
      to: '2026-10-25T05:00',
    };
    for (const window of [weekly, once]) {
      assert.ok(!isFrozen(window, at('2026-10-25T00:29:59Z')));
      assert.ok(isFrozen(window, at('2026-10-25T00:30Z')), 'the first 02:30');
      assert.ok(isFrozen(window, at('2026-10-25T01:10Z')), 'the second 02:10');
      assert.ok(isFrozen(window, at('2026-10-25T03:59:59Z')));
      assert.ok(!isFrozen(window, at('2026-10-25T04:00Z')));
    }
    const ends: FreezeWindow = { ...BERLIN, days: [0], from: 0, to: 2 * 60 + 30 };
    assert.ok(isFrozen(ends, at('2026-10-25T00:45Z')), 'the first 02:45: it ends with the second 02:30');
    assert.ok(!isFrozen(ends, at('2026-10-25T01:30Z')));
  });

  it('holds over midnight and where clocks are put forward in it', () => {
    const window: FreezeWindow = { ...BERLIN, days: [6], from: 22 * 60, to: 3 * 60 };
    assert.ok(isFrozen(window, at('2026-03-29T00:59Z')));
    assert.ok(!isFrozen(window, at('2026-03-29T01:00Z')), 'the wall shows 03:00');
    const begins: FreezeWindow = { ...BERLIN, days: [0], from: 2 * 60 + 30, to: 4 * 60 };
    assert.ok(isFrozen(begins, at('2026-03-29T01:00Z')), 'there is no 02:30');
  });

  it('of days in the calendar holds once', () => {
    const window: FreezeWindow = {
      name: 'holidays',
      kind: 'once',
      zone: 'America/New_York',
      from: '2026-12-24T00:00',
      to: '2027-01-02T00:00',
    };
    assert.ok(!isFrozen(window, at('2026-12-24T04:59Z')));
    assert.ok(isFrozen(window, at('2026-12-24T05:00Z')));
    assert.ok(isFrozen(window, at('2027-01-02T04:59Z')));
    assert.ok(!isFrozen(window, at('2027-01-02T05:00Z')));
    assert.ok(!isFrozen(window, at('2027-12-24T05:00Z')));
  });
});
