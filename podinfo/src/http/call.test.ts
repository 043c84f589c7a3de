import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTarget } from './call.ts';

test('a target is split at its first question mark', () => {
  const { path, query } = parseTarget('/a/b?c=d?e&f');
  assert.equal(path, '/a/b');
  assert.deepEqual(
    [...query],
    [
      ['c', 'd?e'],
      ['f', ''],
    ],
  );
});

test('of a whole URL only path and query count', () => {
  assert.equal(parseTarget('http://host:80/a?b').path, '/a');
  assert.equal(parseTarget('HTTPS://host').path, '/');
  assert.equal(parseTarget('http://host?a=/b').path, '/');
});

test('a path that looks like a host is a path', () => {
  assert.equal(parseTarget('//host/a').path, '//host/a');
  assert.equal(parseTarget('*').path, '*');
});
