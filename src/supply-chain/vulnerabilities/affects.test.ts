import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { advisory, type Affected } from './advisory.ts';
import { type AskedVersion, effectOn } from './affects.ts';

function affected(what: object): Affected {
  const [found] = advisory.parse({
    id: 'TEST-1',
    modified: '2026-01-05T00:00:00Z',
    affected: [what],
  }).affected;
  assert.ok(found !== undefined);
  return found;
}

function ranges(...events: readonly object[]): Affected {
  return affected({ ranges: [{ type: 'SEMVER', events }] });
}

function say(about: Affected, version: string, ecosystem: AskedVersion['ecosystem'] = 'npm'): string {
  const effect = effectOn(about, { version, ecosystem });
  return effect.kind === 'affected' ? `affected, fixed in ${effect.fixed}` : effect.kind;
}

describe('what an advisory says about a version', () => {
  it('holds from where it was introduced until it is fixed', () => {
    const about = ranges({ introduced: '1.2.0' }, { fixed: '1.4.1' });
    assert.equal(say(about, '1.1.9'), 'not affected');
    assert.equal(say(about, '1.2.0-rc.1'), 'not affected');
    assert.equal(say(about, '1.2.0'), 'affected, fixed in 1.4.1');
    assert.equal(say(about, '1.4.1-rc.1'), 'affected, fixed in 1.4.1');
    assert.equal(say(about, '1.4.1'), 'not affected');
  });

  it('holds from the beginning when that is 0, and for ever when nothing ends it', () => {
    assert.equal(say(ranges({ introduced: '0' }), '0.0.0-0'), 'affected, fixed in null');
    assert.equal(say(ranges({ introduced: '0' }, { fixed: '2.0.0' }), '0.0.1'), 'affected, fixed in 2.0.0');
  });

  it('holds up to the last version that is affected', () => {
    const about = ranges({ introduced: '1.0.0' }, { last_affected: '1.5.0' });
    assert.equal(say(about, '1.5.0'), 'affected, fixed in null');
    assert.equal(say(about, '1.5.1'), 'not affected');
  });

  it('holds in several stretches, in whatever order they are written', () => {
    const about = ranges(
      { fixed: '3.0.4' },
      { introduced: '3.0.0' },
      { fixed: '2.1.0' },
      { introduced: '0' },
    );
    assert.deepEqual(
      ['1.0.0', '2.1.0', '3.0.1', '3.0.4'].map((version) => say(about, version)),
      ['affected, fixed in 2.1.0', 'not affected', 'affected, fixed in 3.0.4', 'not affected'],
    );
  });

  it('does not hold where the fix is older than everything', () => {
    assert.equal(say(ranges({ introduced: '0' }, { fixed: '0' }), '1.0.0'), 'not affected');
  });

  it('holds only below a limit', () => {
    const about = ranges({ introduced: '0' }, { limit: '2.0.0' });
    assert.equal(say(about, '1.9.0'), 'affected, fixed in null');
    assert.equal(say(about, '2.0.0'), 'not affected');
  });

  it('holds for versions that are listed, besides ranges', () => {
    const about = affected({
      versions: ['9.9.9'],
      ranges: [{ type: 'SEMVER', events: [{ introduced: '1.0.0' }, { fixed: '2.0.0' }] }],
    });
    assert.match(say(about, '9.9.9'), /^affected/);
    assert.match(say(about, '1.5.0'), /^affected/);
    assert.equal(say(about, '9.9.8'), 'not affected');
  });

  it('holds for all versions when it names none', () => {
    assert.match(say(affected({}), '1.0.0'), /^affected/);
  });

  it('orders versions of Debian as dpkg does', () => {
    const about = affected({
      ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '1:2.36-9+deb12u10' }] }],
    });
    assert.match(say(about, '1:2.36-9+deb12u9', 'Debian'), /^affected/);
    assert.match(say(about, '2.40-1', 'Debian'), /^affected/);
    assert.equal(say(about, '1:2.36-9+deb12u10', 'Debian'), 'not affected');
  });

  it('finds Node.js among tags of its repository', () => {
    const about = affected({
      ranges: [{ type: 'GIT', repo: 'https://github.com/nodejs/node', events: [{ introduced: '0' }] }],
      versions: ['v24.1.0'],
    });
    assert.match(say(about, '24.1.0', 'generic'), /^affected/);
    assert.equal(say(about, '24.2.0', 'generic'), 'not affected');
  });

  it('holds for a version that is listed in another spelling', () => {
    assert.equal(say(affected({ versions: ['v1.0.0'] }), '1.0.0'), 'affected, fixed in null');
    assert.equal(say(affected({ versions: ['0:1.0-1'] }), '1.0-1', 'Debian'), 'affected, fixed in null');
  });

  it('is not told where there is a range of a type that nobody knows', () => {
    const strange = { type: 'semver', events: [{ introduced: '0' }] };
    assert.equal(say(affected({ ranges: [strange], versions: ['3.0.0'] }), '1.0.0'), 'cannot tell');
    assert.equal(
      say(affected({ ranges: [strange], versions: ['1.0.0'] }), '1.0.0'),
      'affected, fixed in null',
    );
    const commits = { type: 'GIT', events: [{ introduced: '0' }] };
    assert.equal(say(affected({ ranges: [commits], versions: ['3.0.0'] }), '1.0.0'), 'not affected');
  });

  it('is not told when versions cannot be compared, when there are only commits, or no beginning', () => {
    assert.equal(say(ranges({ introduced: 'yesterday' }), '1.0.0'), 'cannot tell');
    assert.equal(say(ranges({ introduced: '0' }, { fixed: '2.0.0' }), 'trunk'), 'cannot tell');
    assert.equal(say(ranges({ fixed: '2.0.0' }), '1.0.0'), 'cannot tell');
    const commits = affected({ ranges: [{ type: 'GIT', events: [{ introduced: '0' }] }] });
    assert.equal(say(commits, '1.0.0'), 'cannot tell');
    const semantic = affected({ ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }] }] });
    assert.equal(say(semantic, '1.0-1', 'Debian'), 'cannot tell');
  });

  it('never says "not affected" inside of a range, and never throws', () => {
    const number = fc.nat(9);
    const triple = fc.tuple(number, number, number).map((parts) => parts.join('.'));
    fc.assert(
      fc.property(triple, triple, triple, (introduced, fixed, version) => {
        const [effect] = [say(ranges({ introduced }, { fixed }), version)];
        const order = (a: string, b: string) => a.localeCompare(b, 'en', { numeric: true });
        const isInside = order(introduced, version) <= 0 && order(version, fixed) < 0;
        if (order(introduced, fixed) < 0) assert.equal(effect.startsWith('affected'), isInside);
      }),
    );
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        fc.constantFrom('npm', 'Debian', 'generic'),
        (bound, version, ecosystem) => {
          say(ranges({ introduced: '0' }, { fixed: bound }), version, ecosystem);
        },
      ),
    );
  });
});
