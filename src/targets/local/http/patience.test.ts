import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Patience } from './patience.ts';

test('no wait is shorter than it should be, though it may begin at the end of a turn', () => {
  for (const head of [1, 40, 41, 1_000, 10_001]) {
    const { turns, turn } = new Patience({ head });
    assert((turns.head - 1) * turn >= head);
  }
});

test('turns are short for short waits, and neither too short nor too long', () => {
  assert.equal(new Patience({}).turn, 250);
  assert.equal(new Patience({ body: 400 }).turn, 50);
  assert.equal(new Patience({ body: 1 }).turn, 5);
});
