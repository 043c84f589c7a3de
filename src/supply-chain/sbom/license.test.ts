import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { licenseOf } from './license.ts';

describe('a license', () => {
  it('is an id, an expression of ids, or a name', () => {
    assert.deepEqual(licenseOf(' MIT '), { kind: 'id', id: 'MIT' });
    assert.deepEqual(licenseOf('(MIT OR Apache-2.0)'), {
      kind: 'expression',
      expression: '(MIT OR Apache-2.0)',
    });
    assert.deepEqual(licenseOf('MIT AND (ISC OR 0BSD)'), {
      kind: 'expression',
      expression: 'MIT AND (ISC OR 0BSD)',
    });
    for (const name of [
      'mit',
      'UNLICENSED',
      'SEE LICENSE IN LICENSE.md',
      'MIT OR',
      'MIT OR Mine',
      'MIT OR (ISC',
      '()MIT OR ISC',
      'MIT (OR) ISC',
      'GPL-2+',
    ]) {
      assert.deepEqual(licenseOf(name), { kind: 'name', name });
    }
  });

  it('is nothing where nothing is said, or far too much', () => {
    for (const text of ['', '  ', 'MIT '.repeat(100)]) assert.equal(licenseOf(text), null);
  });
});
