import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { advisory } from './advisory.ts';
import { isAtLeast, type Severity, severityOf } from './severity.ts';

function rate(more: object, affected: object = {}): Severity {
  const parsed = advisory.parse({
    id: 'TEST-1',
    modified: '2026-01-05T00:00:00Z',
    affected: [affected],
    ...more,
  });
  const [first] = parsed.affected;
  assert.ok(first !== undefined);
  return severityOf(parsed, first);
}

const vector = (type: string, score: string) => ({ severity: [{ type, score }] });
const V3 = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H';

describe('the severity of a vulnerability', () => {
  it('is computed from vectors of CVSS 2, 3 and 4', () => {
    const rated = [
      rate(vector('CVSS_V2', 'AV:N/AC:L/Au:N/C:P/I:P/A:P')),
      rate(vector('CVSS_V3', V3)),
      rate(vector('CVSS_V3', 'CVSS:3.0/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N')),
      rate(vector('CVSS_V4', 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N')),
    ];
    assert.deepEqual(
      rated.map(({ rating, scores }) => [rating, scores[0]?.score]),
      [
        ['high', '7.5'],
        ['critical', '9.8'],
        ['low', '1.8'],
        ['critical', '9.3'],
      ],
    );
  });

  it('is the word of the database where there is no vector, and the worse of both', () => {
    assert.equal(rate({ database_specific: { severity: 'MODERATE' } }).rating, 'medium');
    assert.equal(
      rate({ ...vector('CVSS_V3', V3), database_specific: { severity: 'LOW' } }).rating,
      'critical',
    );
    assert.equal(rate({}, { ecosystem_specific: { severity: 'HIGH' } }).rating, 'high');
    assert.equal(rate({}, vector('CVSS_V3', V3)).rating, 'critical');
  });

  it("is Debian's urgency only where nothing else is said", () => {
    assert.equal(rate({}, { ecosystem_specific: { urgency: 'unimportant' } }).rating, 'low');
    assert.equal(rate({}, { ecosystem_specific: { urgency: 'not yet assigned' } }).rating, 'unknown');
    assert.equal(rate(vector('CVSS_V3', V3), { ecosystem_specific: { urgency: 'low' } }).rating, 'critical');
  });

  it('is critical for packages that are an attack themselves', () => {
    assert.equal(rate({ id: 'MAL-2026-1' }).rating, 'critical');
  });

  it('is unknown without a rating, or with one that cannot be read, and then counts as high', () => {
    for (const more of [{}, { database_specific: { severity: 5 } }]) {
      assert.deepEqual(rate(more), { rating: 'unknown', scores: [] });
    }
    for (const unreadable of ['CVSS:3.1/AV:N', `${V3}/AV:L`, 'CVSS:5.0/AV:N', '11', 'grave']) {
      const more = { ...vector('CVSS_V3', unreadable), database_specific: { severity: 'LOW' } };
      assert.equal(rate(more).rating, 'high', unreadable);
    }
    assert.ok(isAtLeast('unknown', 'high'));
    assert.ok(!isAtLeast('unknown', 'critical'));
    assert.ok(!isAtLeast('medium', 'high'));
  });

  it('is read from plain scores, and from vectors under any name', () => {
    assert.equal(rate(vector('CVSS_V3', '9.8')).rating, 'critical');
    assert.equal(rate(vector('CVSS_V9', V3)).rating, rate(vector('CVSS_V3', V3)).rating);
  });

  it('does not fall over anything', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('CVSS_V2', 'CVSS_V3', 'CVSS_V4'),
        fc.string({ unit: fc.constantFrom(...'CVS:34.10/AVNLPRH'.split('')), maxLength: 60 }),
        (type, text) => {
          for (const prefix of ['', 'CVSS:3.1/', 'CVSS:4.0/', 'AV:']) rate(vector(type, prefix + text));
        },
      ),
    );
  });
});
