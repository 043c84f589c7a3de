import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { SupplyChainError } from '../error.ts';
import { digestOf } from '../oci/digest.ts';
import { billPackages } from './bill-packages.ts';
import { scan, type ScanResult } from './scan.ts';
import { vulnsPredicate } from './vulns-predicate.ts';

const NOW = Date.UTC(2026, 10, 20);
const IMAGE = digestOf('an image');

function bill(...purls: readonly string[]) {
  const components = purls.map((purl) => ({ type: 'library', name: 'a package', purl }));
  return { bomFormat: 'CycloneDX', metadata: { component: { version: IMAGE } }, components };
}

type Files = Readonly<Record<string, string | object>>;

/** An invented advisory: on all versions of npm's `left` below 2.0.0, unless it says otherwise. */
function advisory(id: string, more: object = {}, affected: object = {}): object {
  return {
    id,
    modified: '2026-11-01T00:00:00Z',
    summary: 'It does what it should not',
    database_specific: { severity: 'HIGH' },
    affected: [
      {
        package: { ecosystem: 'npm', name: 'left' },
        ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '2.0.0' }] }],
        ...affected,
      },
    ],
    ...more,
  };
}

const debian = (release: string, fixed: string, name = 'glibc') => ({
  package: { ecosystem: `Debian:${release}`, name },
  ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed }] }],
});

async function directoryOf(test: TestContext, files: Files): Promise<string> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'canary-advisories-'));
  test.after(() => rm(directory, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.join(directory, path.dirname(name)), { recursive: true });
    await writeFile(
      path.join(directory, name),
      typeof content === 'string' ? content : JSON.stringify(content),
    );
  }
  return directory;
}

async function scanned(
  test: TestContext,
  files: Files,
  document: unknown = bill('pkg:npm/left@1.0.0'),
): Promise<ScanResult> {
  return scan(billPackages(document, IMAGE), await directoryOf(test, files), NOW);
}

function ids({ findings }: ScanResult): readonly string[] {
  return findings.map(({ id }) => id);
}

function refusal(code: SupplyChainError['code'], message = /./) {
  return (error: unknown) => {
    assert.ok(error instanceof SupplyChainError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  };
}

describe('a scan', () => {
  it('finds what advisories are about, with its fix', async (t) => {
    const found = await scanned(t, { 'npm/one.json': advisory('GHSA-aaaa-bbbb-cccc') });
    const [finding] = found.findings;
    assert.deepEqual(
      [finding?.id, finding?.rating, finding?.package.title, finding?.package.installed, finding?.fixed],
      ['GHSA-aaaa-bbbb-cccc', 'high', 'left', '1.0.0', '2.0.0'],
    );
    assert.deepEqual(found.gaps, []);
  });

  it('finds nothing in versions and packages that no advisory is about', async (t) => {
    const document = bill('pkg:npm/left@2.0.0', 'pkg:npm/lefty@1.0.0', 'pkg:npm/%40left/left@1.0.0');
    assert.deepEqual(ids(await scanned(t, { 'one.json': advisory('GHSA-aaaa-bbbb-cccc') }, document)), []);
  });

  it('reads lines, and directories in directories', async (t) => {
    const lines = ['GHSA-1111-1111-1111', 'GHSA-2222-2222-2222'].map((id) => JSON.stringify(advisory(id)));
    const found = await scanned(t, {
      'a/b/all.jsonl': `${lines.join('\n')}\n\n`,
      'a/c.json': advisory('GHSA-3333-3333-3333'),
      'README.md': 'no advisory',
    });
    assert.deepEqual(ids(found), ['GHSA-1111-1111-1111', 'GHSA-2222-2222-2222', 'GHSA-3333-3333-3333']);
    assert.equal(found.database.advisories, 3);
  });

  it('does not count advisories that were withdrawn', async (t) => {
    const withdrawn = advisory('GHSA-aaaa-bbbb-cccc', { withdrawn: '2026-11-02T00:00:00Z' });
    assert.deepEqual(ids(await scanned(t, { 'one.json': withdrawn })), []);
  });

  it('counts advisories that are yet to be withdrawn', async (t) => {
    const planned = advisory('GHSA-aaaa-bbbb-cccc', { withdrawn: '2027-01-01T00:00:00Z' });
    assert.equal(ids(await scanned(t, { 'one.json': planned })).length, 1);
  });

  it('reads advisories whose files and ecosystems are written in capitals, and releases without a number', async (t) => {
    const npm = advisory('GHSA-aaaa-bbbb-cccc', {}, { package: { ecosystem: 'NPM', name: 'Left ' } });
    const debians = ['bookworm', '12'].map((release, index) =>
      advisory(`DSA-${index}-1`, { affected: [debian(release, '3.0-1')] }),
    );
    const document = bill('pkg:npm/left@1.0.0', 'pkg:deb/debian/glibc@2.0-1?distro=debian-12');
    const files = { 'ONE.JSON': npm, 'all.JSONL': debians.map((each) => JSON.stringify(each)).join('\n') };
    const { findings } = await scanned(t, files, document);
    assert.deepEqual(findings.map(({ id }) => id).toSorted(), ['DSA-0-1', 'DSA-1-1', 'GHSA-aaaa-bbbb-cccc']);
  });

  it('counts advisories that are aliases as one, by the worst of them', async (t) => {
    const found = await scanned(t, {
      'a.json': advisory('GHSA-aaaa-bbbb-cccc', {
        aliases: ['CVE-2026-1000'],
        database_specific: { severity: 'LOW' },
      }),
      'b.json': advisory('OTHER-1', {
        aliases: ['CVE-2026-1000'],
        database_specific: { severity: 'CRITICAL' },
      }),
      'c.json': advisory('OTHER-2', { aliases: ['OTHER-1'] }),
      'd.json': advisory('GHSA-dddd-dddd-dddd'),
    });
    assert.deepEqual(ids(found), ['CVE-2026-1000', 'GHSA-dddd-dddd-dddd']);
    assert.equal(found.findings[0]?.rating, 'critical');
    assert.deepEqual(found.findings[0]?.aliases, ['GHSA-aaaa-bbbb-cccc', 'OTHER-1', 'OTHER-2']);
  });

  it('compares packages of Debian by their source, in their release only', async (t) => {
    const files = {
      'a.json': advisory('DEBIAN-CVE-2026-1', { upstream: ['CVE-2026-1'] }, debian('12', '2.36-9+deb12u10')),
      'b.json': advisory('DEBIAN-CVE-2026-2', { upstream: ['CVE-2026-2'] }, debian('13', '2.41-1')),
      'c.json': advisory(
        'DSA-1-1',
        { upstream: ['CVE-2026-3', 'CVE-2026-4'] },
        debian('12', '2.36-9+deb12u9'),
      ),
    };
    const libc = 'pkg:deb/debian/libc6@2.36-9%2Bdeb12u9?arch=amd64&distro=debian-12.5&upstream=glibc';
    assert.deepEqual(ids(await scanned(t, files, bill(libc))), ['CVE-2026-1']);
  });

  it('uses the version of the source where it differs', async (t) => {
    const files = { 'a.json': advisory('DEBIAN-CVE-2026-1', {}, debian('12', '12.2.0-15', 'gcc-12')) };
    const of = (upstream: string) =>
      bill(`pkg:deb/debian/gcc@4:12.2.0-3?distro=debian-12&upstream=${encodeURIComponent(upstream)}`);
    assert.equal(ids(await scanned(t, files, of('gcc-12@12.2.0-14'))).length, 1);
    assert.equal(ids(await scanned(t, files, of('gcc-12@12.2.0-15'))).length, 0);
  });

  it('finds Node.js by the tags of its repository and by Bitnami', async (t) => {
    const tags = {
      package: null,
      ranges: [{ type: 'GIT', repo: 'https://github.com/nodejs/node', events: [{ introduced: '0' }] }],
      versions: ['v24.0.0'],
    };
    const bitnami = { package: { ecosystem: 'Bitnami', name: 'node' } };
    const files = {
      'a.json': advisory('CVE-2026-1', {}, tags),
      'b.json': advisory(
        'BIT-node-1',
        {},
        { ...bitnami, ranges: [{ type: 'SEMVER', events: [{ introduced: '24.0.0' }, { fixed: '24.0.1' }] }] },
      ),
    };
    assert.deepEqual(
      ids(await scanned(t, files, bill('pkg:generic/node@24.0.0'))),
      ['BIT-node-1', 'CVE-2026-1'].toSorted(),
    );
    assert.deepEqual(ids(await scanned(t, files, bill('pkg:generic/node@24.0.1'))), []);
  });

  it('is as old as its newest advisory, unless the database says when it was fetched', async (t) => {
    const one = advisory('GHSA-aaaa-bbbb-cccc');
    const two = advisory('GHSA-dddd-dddd-dddd', { modified: '2026-11-05T00:00:00Z' });
    const { database } = await scanned(t, { 'one.json': one, 'two.json': two });
    assert.equal(database.lastUpdate, Date.UTC(2026, 10, 5));
    const fetched = (day: string) => ({ lastUpdate: `2026-11-${day}T00:00:00Z` });
    const told = await scanned(t, {
      'npm/database.json': fetched('19'),
      'npm/one.json': one,
      'Debian/database.json': fetched('12'),
    });
    assert.equal(told.database.lastUpdate, Date.UTC(2026, 10, 12), 'the oldest of several');
    assert.deepEqual(told.gaps, []);
  });

  it('is written as a predicate of in-toto, the same each time', async (t) => {
    const files = { 'one.json': advisory('GHSA-aaaa-bbbb-cccc', { aliases: ['CVE-2026-1'] }) };
    const run = { toolVersion: '1.2.3', startedAt: NOW, finishedAt: NOW + 1500 };
    const first = vulnsPredicate(await scanned(t, files), run);
    assert.deepEqual(first, vulnsPredicate(await scanned(t, files), run));
    assert.deepEqual(first.metadata, {
      scanStartedOn: '2026-11-20T00:00:00.000Z',
      scanFinishedOn: '2026-11-20T00:00:01.500Z',
    });
    assert.equal(first.scanner.db.lastUpdate, '2026-11-01T00:00:00.000Z');
    assert.match(first.scanner.db.version, /^sha256:/);
    assert.deepEqual(first.scanner.result, [
      {
        id: 'CVE-2026-1',
        severity: [
          { method: 'canary-rollout', score: 'high' },
          { method: 'database', score: 'high' },
        ],
        annotations: [
          {
            purl: 'pkg:npm/left@1.0.0',
            installed: '1.0.0',
            fixed: '2.0.0',
            aliases: ['GHSA-aaaa-bbbb-cccc'],
            summary: 'It does what it should not',
          },
        ],
      },
    ]);
  });
});

describe('a scan that does not see everything says so', () => {
  const good = { 'good.json': advisory('GHSA-aaaa-bbbb-cccc') };

  it('when there is no database, or nothing in it', async (t) => {
    await assert.rejects(scanned(t, {}), refusal('SCAN_FAILED', /OSV format/));
    await assert.rejects(scanned(t, { 'a.txt': 'x' }), refusal('SCAN_FAILED'));
    await assert.rejects(
      scan(billPackages(bill(), IMAGE), '/nowhere/at/all', NOW),
      refusal('SCAN_FAILED', /nowhere/),
    );
  });

  it('when an advisory cannot be read, and still reads the others', async (t) => {
    const bad: Files = {
      'cut.json': '{"id":',
      'list.json': '[]',
      'bytes.json': Buffer.from([0xff, 0xfe]).toString('latin1'),
      'id.json': advisory('../../etc'),
      'time.json': advisory('GHSA-bbbb-bbbb-bbbb', { modified: 'yesterday' }),
      'future.json': advisory('GHSA-bbbb-bbbb-bbbb', { modified: '2036-01-01T00:00:00Z' }),
      'ranges.json': advisory('GHSA-bbbb-bbbb-bbbb', {}, { ranges: 'all' }),
      'number.json': '{"id": 1e999}',
      'packed.zip': 'PK',
    };
    for (const [name, content] of Object.entries(bad)) {
      const found = await scanned(t, { ...good, [name]: content });
      assert.equal(found.gaps.length, 1, name);
      assert.match(
        found.gaps[0] ?? '',
        new RegExp(`the advisory ${name.replace('.', '\\.')} cannot be used`),
      );
      assert.deepEqual(ids(found), ['GHSA-aaaa-bbbb-cccc'], name);
    }
    const lines = await scanned(t, { 'all.jsonl': `${JSON.stringify(good['good.json'])}\n{\n` });
    assert.match(lines.gaps[0] ?? '', /all\.jsonl:2 /);
  });

  it('when an advisory is a link', async (t) => {
    const directory = await directoryOf(t, good);
    await symlink(path.join(directory, 'good.json'), path.join(directory, 'link.json'));
    const { gaps } = await scan(billPackages(bill('pkg:npm/left@1.0.0'), IMAGE), directory, NOW);
    assert.match(gaps[0] ?? '', /link\.json .* links are not followed/);
  });

  it('when a directory of advisories is a link, or nobody has unpacked it', async (t) => {
    const directory = await directoryOf(t, { ...good, 'npm.tar.gz': 'packed' });
    const other = await directoryOf(t, { 'one.json': advisory('GHSA-aaaa-bbbb-cccc') });
    await symlink(other, path.join(directory, 'more'));
    const { gaps } = await scan(billPackages(bill('pkg:npm/left@1.0.0'), IMAGE), directory, NOW);
    assert.match(gaps.join('\n'), /advisory more cannot be used: it is a link/);
    assert.match(gaps.join('\n'), /npm\.tar\.gz cannot be used: it is packed/);
  });

  it('when an advisory is about a package, and cannot be understood', async (t) => {
    const events = [{ introduced: '0' }, { fixed: 'soon' }];
    const strange = advisory('GHSA-bbbb-bbbb-bbbb', {}, { ranges: [{ type: 'SEMVER', events }] });
    assert.match((await scanned(t, { ...good, 'b.json': strange })).gaps[0] ?? '', /cannot be told/);
    const elsewhere = await scanned(t, { 'b.json': strange }, bill('pkg:npm/right@1.0.0'));
    assert.deepEqual(elsewhere.gaps, [], 'it is about nothing in the image');
  });

  it('when there are no advisories on a kind of package at all', async (t) => {
    const document = bill('pkg:npm/left@2.0.0', 'pkg:deb/debian/bash@5?distro=debian-12');
    assert.match((await scanned(t, good, document)).gaps[0] ?? '', /a package of Debian:12 was not scanned/);
    const other = { ...good, 'd.json': advisory('DSA-1-1', {}, debian('11', '1')) };
    assert.equal((await scanned(t, other, document)).gaps.length, 1);
    const same = { ...good, 'd.json': advisory('DSA-1-1', {}, debian('12', '1')) };
    assert.deepEqual((await scanned(t, same, document)).gaps, []);
  });

  it('when there are packages that it does not know how to compare', async (t) => {
    for (const purl of [
      'pkg:apk/alpine/musl@1.2.5-r0',
      'pkg:deb/ubuntu/bash@5?distro=ubuntu-24.04',
      'pkg:deb/debian/bash@5',
      'pkg:npm/left@latest',
      'left',
      'pkg:deb/debian/bash@x?distro=debian-12',
    ]) {
      assert.equal((await scanned(t, good, bill(purl))).gaps.length, 1, purl);
    }
  });

  it('when files of the image could not be read', async (t) => {
    const properties = [
      { name: 'canary-rollout:unreadable', value: '/app/node_modules/a/package.json: it is no JSON' },
    ];
    const document = { ...bill(), metadata: { component: { version: IMAGE }, properties } };
    assert.match((await scanned(t, good, document)).gaps[0] ?? '', /node_modules\/a/);
  });

  it('but only names programs, as no database knows them all', async (t) => {
    const { gaps, notScanned } = await scanned(t, good, bill('pkg:generic/aws-lambda-web-adapter'));
    assert.deepEqual([gaps.length, notScanned.length], [0, 1]);
  });
});

describe('bills of materials of others', () => {
  it('are taken only when they are of the image', () => {
    const purl = `pkg:oci/shop@${encodeURIComponent(IMAGE)}?repository_url=registry/shop`;
    billPackages({ ...bill(), metadata: { component: { purl } } }, IMAGE);
    for (const metadata of [{}, { component: {} }, { component: { version: digestOf('another') } }]) {
      assert.throws(() => billPackages({ ...bill(), metadata }, IMAGE), refusal('SUBJECT_MISMATCH'));
    }
    assert.throws(() => billPackages({ spdxVersion: 'SPDX-2.3' }, IMAGE), refusal('SCAN_FAILED'));
  });

  it('may call a package a file, and must say what a framework is', () => {
    const components = [
      { type: 'file', name: 'left', purl: 'pkg:npm/left@1.0.0' },
      { type: 'framework', name: 'right' },
    ];
    const { packages, notScanned } = billPackages({ ...bill(), components }, IMAGE);
    assert.deepEqual(
      packages.map(({ title }) => title),
      ['left'],
    );
    assert.deepEqual(notScanned, [{ what: 'right', why: 'it has no package URL', isGap: true }]);
  });

  it('may have components within components, however deep', () => {
    let component: object = { type: 'library', name: 'left', purl: 'pkg:npm/left@1.0.0' };
    for (let depth = 0; depth < 20_000; depth += 1)
      component = { type: 'file', name: 'in', components: [component] };
    assert.equal(billPackages({ ...bill(), components: [component] }, IMAGE).packages.length, 1);
  });
});

describe('advisories that are anything at all', () => {
  it('are taken or listed as unusable, and never fell the scan', async (t) => {
    const directory = await directoryOf(t, { 'good.json': advisory('GHSA-aaaa-bbbb-cccc') });
    const key = fc.constantFrom(
      'id',
      'modified',
      'affected',
      'severity',
      'aliases',
      '__proto__',
      'ranges',
      'withdrawn',
    );
    const shaped = fc
      .dictionary(key, fc.jsonValue())
      .map((more) => ({ ...advisory('GHSA-bbbb-bbbb-bbbb'), ...more }));
    await fc.assert(
      fc.asyncProperty(fc.oneof(shaped, fc.jsonValue()), async (document) => {
        await writeFile(path.join(directory, 'other.json'), JSON.stringify(document));
        const { findings, gaps, database } = await scan(
          billPackages(bill('pkg:npm/left@1.0.0'), IMAGE),
          directory,
          NOW,
        );
        assert.ok(findings.some(({ id, aliases }) => [id, ...aliases].includes('GHSA-aaaa-bbbb-cccc')));
        assert.ok(database.advisories === 2 || gaps.length > 0);
      }),
      { numRuns: 150 },
    );
  });
});
