import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byName, endToEnd, valuesOf } from './headers.ts';

test('headers of the connection are dropped, and those that it names', () => {
  const kept = endToEnd([
    ['Connection', 'keep-alive, X-Hop'],
    ['Keep-Alive', 'timeout=5'],
    ['x-hop', '1'],
    ['Transfer-Encoding', 'chunked'],
    ['Content-Length', '3'],
    ['Accept', '*/*'],
  ]);
  assert.deepEqual(kept, [['Accept', '*/*']]);
});

test('values of a name are found in whatever case it is written', () => {
  const lines = [
    ['Via', 'a'],
    ['via', 'b'],
  ] as const;
  assert.deepEqual(valuesOf(lines, 'via'), ['a', 'b']);
  assert.deepEqual(byName(lines), { via: ['a', 'b'] });
});
