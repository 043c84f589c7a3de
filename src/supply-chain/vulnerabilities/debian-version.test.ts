import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compareDebianVersions } from './debian-version.ts';

/** Each below the next. */
const ORDERED = [
  '0~~',
  '0~~a',
  '0~',
  '0',
  '0a',
  '0+',
  '1.0~beta1~svn1245',
  '1.0~beta1',
  '1.0',
  '1.0-0.1',
  '1.0-1',
  '1.0.1',
  '1.2',
  '1.10',
  '1:0.1',
  '2:0',
];

const character = fc.constantFrom(...'019aAbz.+~'.split(''));

const version = fc
  .tuple(
    fc.option(fc.nat(12), { nil: null }),
    fc.nat(20),
    fc.string({ unit: character, maxLength: 6 }),
    fc.option(fc.string({ unit: character, minLength: 1, maxLength: 4 }), {
      nil: null,
    }),
  )
  .map(([epoch, number, rest, revision]) =>
    [epoch === null ? '' : `${epoch}:`, number, rest, revision === null ? '' : `-${revision}`].join(''),
  );

describe('versions of Debian', () => {
  it('are ordered as its manual says', () => {
    for (const [index, lower] of ORDERED.entries()) {
      for (const [other, higher] of ORDERED.entries()) {
        assert.equal(
          Math.sign(compareDebianVersions(lower, higher) ?? NaN),
          Math.sign(index - other),
          `${lower} ${higher}`,
        );
      }
    }
  });

  it('are equal without an epoch, a revision or leading zeros', () => {
    for (const [a, b] of [
      ['1.0', '0:1.0'],
      ['1.0', '1.0-0'],
      ['1.01', '1.1'],
      ['1.0-01', '1.0-1'],
      ['1.', '1.0'],
    ] as const) {
      assert.equal(compareDebianVersions(a, b), 0, `${a} ${b}`);
    }
  });

  it('are not compared with what is none', () => {
    for (const text of [
      '',
      'a',
      '1:',
      '1:a',
      'x:1',
      '1_0',
      '1 0',
      '1-',
      '-1',
      `1${'0'.repeat(400)}`,
      '9999999999:1',
      '1\n',
    ]) {
      assert.equal(compareDebianVersions(text, '1'), null, JSON.stringify(text));
      assert.equal(compareDebianVersions('1', text), null, JSON.stringify(text));
    }
  });

  it('come in one order, whichever is asked first', () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        const order = (left: string, right: string) => Math.sign(compareDebianVersions(left, right) ?? NaN);
        assert.equal(order(a, b), -order(b, a) + 0);
        if (order(a, b) <= 0 && order(b, c) <= 0) assert.ok(order(a, c) <= 0);
      }),
    );
  });

  const hasDpkg = spawnSync('dpkg', ['--version']).status === 0;
  it('are compared as dpkg does', { skip: hasDpkg ? false : 'dpkg is not installed here' }, () => {
    fc.assert(
      fc.property(version, version, (a, b) => {
        const isBelow = spawnSync('dpkg', ['--compare-versions', a, 'lt', b]).status === 0;
        const isAbove = spawnSync('dpkg', ['--compare-versions', a, 'gt', b]).status === 0;
        assert.equal(Math.sign(compareDebianVersions(a, b) ?? NaN), Number(isAbove) - Number(isBelow));
      }),
      { numRuns: 300 },
    );
  });
});
