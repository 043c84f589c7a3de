import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { systemClock } from '../../src/clock/system-clock.ts';
import { layoutRepository } from '../../src/supply-chain/layout/layout-repository.ts';
import { readClaim } from '../../src/supply-chain/policy/read-claim.ts';
import { putImage } from '../../src/supply-chain/sbom/testing/image.ts';
import { localKey } from '../../src/supply-chain/signing/local-key.ts';
import { readEvidence } from '../../src/supply-chain/verification/read-evidence.ts';

const MAIN = path.join(import.meta.dirname, '../../src/cli/main.ts');

/** A directory without a configuration, and with an image in its registry that has one package of npm. */
async function workplace(t: TestContext) {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-scan-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const state = path.join(directory, '.canary');
  const repository = layoutRepository('registry/shop', path.join(state, 'registry/shop'));
  const layer = [['app/node_modules/left/package.json', '{"name":"left","version":"1.0.0"}']] as const;
  const image = await putImage(repository, [layer], '1.0.0');
  return {
    directory,
    image,
    advise(name: string, content: unknown) {
      mkdirSync(path.join(state, 'advisories'), { recursive: true });
      writeFileSync(
        path.join(state, 'advisories', name),
        typeof content === 'string' ? content : JSON.stringify(content),
      );
    },
    async canary(...args: readonly string[]) {
      const child = spawn(process.execPath, [MAIN, ...args], { cwd: directory });
      const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
      const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
      return { code, stdout, stderr };
    },
    /** What is attached to the image and signed by the local key. */
    async claims() {
      const publicKey = localKey(path.join(state, 'keys'), 'build').publicKey.export({
        type: 'spki',
        format: 'pem',
      });
      const signer = {
        kind: 'key' as const,
        name: 'build',
        keys: [{ publicKey: publicKey.toString(), from: null, until: null }],
      };
      const { statements, rejected } = await readEvidence(repository, image, [signer], {
        now: systemClock().now(),
      });
      assert.deepEqual(rejected, []);
      return statements
        .flatMap(readClaim)
        .map((piece) => ('claim' in piece ? piece.claim : assert.fail(piece.detail)));
    },
  };
}

const ADVISORY = {
  id: 'GHSA-aaaa-bbbb-cccc',
  aliases: ['CVE-2026-1'],
  modified: '2026-01-05T00:00:00Z',
  summary: 'It steers \u001b[2J the terminal',
  database_specific: { severity: 'HIGH' },
  affected: [
    {
      package: { ecosystem: 'npm', name: 'left' },
      ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '1.0.1' }] }],
    },
  ],
};

describe('canary sbom', () => {
  it('signs a bill of materials and attaches it, without a configuration', async (t) => {
    const { canary, claims } = await workplace(t);
    const { code, stdout } = await canary('sbom', 'registry/shop:1.0.0');
    assert.equal(code, 0);
    assert.match(stdout, /npm: 1 package/);
    assert.deepEqual(await claims(), [{ kind: 'sbom', format: 'CycloneDX 1.6', components: 1 }]);
  });

  it('writes the same file each time, and attaches nothing when told so', async (t) => {
    const { canary, claims, directory, image } = await workplace(t);
    for (const file of ['one.json', 'two.json']) {
      assert.equal((await canary('sbom', `registry/shop@${image}`, '--no-attach', '-o', file)).code, 0);
    }
    const [one, two] = ['one.json', 'two.json'].map((file) =>
      readFileSync(path.join(directory, file), 'utf8'),
    );
    assert.equal(one, two);
    assert.deepEqual(await claims(), []);
  });

  it('wants to be told which image', async (t) => {
    const { canary } = await workplace(t);
    for (const name of ['shop', 'registry/shop', 'registry/shop:no:tag'])
      assert.equal((await canary('sbom', name)).code, 2, name);
    assert.equal((await canary('sbom', 'registry/shop:2.0.0')).code, 4);
  });
});

describe('canary scan', () => {
  it('says what it finds, signs it and attaches it', async (t) => {
    const { advise, canary, claims } = await workplace(t);
    advise('one.json', ADVISORY);
    const { code, stdout } = await canary('scan', 'registry/shop:1.0.0');
    assert.equal(code, 0);
    assert.match(stdout, /^high +CVE-2026-1 +left +1\.0\.0 +1\.0\.1 +It steers \\u001b\[2J the terminal$/m);
    const [claim] = await claims();
    assert.ok(claim?.kind === 'scan');
    assert.deepEqual(claim.vulnerabilities, [
      {
        id: 'CVE-2026-1',
        aliases: ['GHSA-aaaa-bbbb-cccc'],
        severity: 'high',
        component: 'pkg:npm/left@1.0.0',
      },
    ]);
    assert.equal(claim.databaseAt, Date.UTC(2026, 0, 5));
  });

  it('ends with code 1 for what is as bad as that, and not for less', async (t) => {
    const { advise, canary } = await workplace(t);
    advise('one.json', ADVISORY);
    assert.equal((await canary('scan', 'registry/shop:1.0.0', '--no-attach', '--fail-on', 'high')).code, 1);
    assert.equal(
      (await canary('scan', 'registry/shop:1.0.0', '--no-attach', '--fail-on', 'critical')).code,
      0,
    );
    assert.equal((await canary('scan', 'registry/shop:1.0.0', '--no-attach', '--fail-on', 'awful')).code, 2);
    const { database_specific: _, ...unrated } = ADVISORY;
    advise('one.json', unrated);
    assert.equal((await canary('scan', 'registry/shop:1.0.0', '--no-attach', '--fail-on', 'high')).code, 1);
  });

  it('never takes a database that is missing for good news', async (t) => {
    const { canary, claims } = await workplace(t);
    const { code, stderr } = await canary('scan', 'registry/shop:1.0.0');
    assert.equal(code, 5);
    assert.match(stderr, /no advisories in .*Fill it with advisories in the OSV format/);
    assert.deepEqual(await claims(), []);
  });

  it('fails when it did not see everything, and attaches nothing even if that is allowed', async (t) => {
    const { advise, canary, claims } = await workplace(t);
    advise('one.json', ADVISORY);
    advise('two.json', '{');
    const failed = await canary('scan', 'registry/shop:1.0.0');
    assert.equal(failed.code, 5);
    assert.match(failed.stderr, /two\.json/);
    const shown = await canary('scan', 'registry/shop:1.0.0', '--allow-incomplete', '--json');
    assert.equal(shown.code, 0);
    assert.equal(JSON.parse(shown.stdout).isWhole, false);
    assert.deepEqual(await claims(), []);
  });

  it('takes a bill of materials only of the same image', async (t) => {
    const { advise, canary, directory } = await workplace(t);
    advise('one.json', ADVISORY);
    await canary('sbom', 'registry/shop:1.0.0', '--no-attach', '-o', 'bill.json');
    const args = ['scan', 'registry/shop:1.0.0', '--no-attach', '--sbom', 'bill.json', '--fail-on', 'low'];
    assert.equal((await canary(...args)).code, 1);
    const file = path.join(directory, 'bill.json');
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replaceAll(/sha256:[0-9a-f]{64}/g, `sha256:${'0'.repeat(64)}`),
    );
    const { code, stderr } = await canary(...args);
    assert.equal(code, 4);
    assert.match(stderr, /does not say that it is of sha256/);
  });

  it('shows what an OpenVEX file excepts, by the rules of the gate', async (t) => {
    const { advise, canary, claims, directory, image } = await workplace(t);
    advise('one.json', ADVISORY);
    const vex = (more: object) => {
      const statement = {
        vulnerability: { name: 'GHSA-aaaa-bbbb-cccc' },
        products: [{ '@id': image }],
        status: 'not_affected',
        ...more,
      };
      writeFileSync(
        path.join(directory, 'vex.json'),
        JSON.stringify({ timestamp: '2026-01-05T00:00:00Z', statements: [statement] }),
      );
      return canary('scan', 'registry/shop:1.0.0', '--vex', 'vex.json', '--fail-on', 'high');
    };
    const excepted = await vex({ justification: 'vulnerable_code_not_present' });
    assert.equal(excepted.code, 0, excepted.stderr);
    assert.match(excepted.stdout, /^excepted +CVE-2026-1/m);
    assert.equal((await vex({})).code, 1, 'without a justification');
    assert.equal(
      (await vex({ justification: 'vulnerable_code_not_present', products: [{ '@id': 'sha256:other' }] }))
        .code,
      1,
    );
    const attached = (await claims()).flatMap((claim) =>
      claim.kind === 'scan' ? claim.vulnerabilities.length : [],
    );
    assert.deepEqual(attached, [1, 1, 1], 'what is attached holds all of them');
  });
});
