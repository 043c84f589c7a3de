import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { parseDebianPackages } from '../../src/supply-chain/sbom/debian-packages.ts';
import { imageSbom, type ImageSbom } from '../../src/supply-chain/sbom/image-sbom.ts';
import { type LayerFile, putImage, temporaryRepository } from '../../src/supply-chain/sbom/testing/image.ts';

/** The project that the installed packages belong to. */
const PROJECT = path.dirname(realpathSync(path.join(import.meta.dirname, '../../node_modules')));

/** An image with the package.json of every package that is installed here, and with Debian and Node.js around them. */
async function sbomOfProject(test: TestContext): Promise<ImageSbom> {
  const repository = await temporaryRepository(test);
  const packages = globSync(
    ['package.json', '*/package.json', 'scripts/*/package.json', 'node_modules/**/package.json'],
    {
      cwd: PROJECT,
    },
  );
  const app = packages.map((file): LayerFile => [`app/${file}`, readFileSync(path.join(PROJECT, file))]);
  const debian = 'Package: libc6\nVersion: 2.36-9+deb12u9\nArchitecture: amd64\nSource: glibc\n';
  const image = await putImage(repository, [
    [
      ['etc/os-release', 'ID=debian\nVERSION_ID=12\n'],
      ['var/lib/dpkg/status.d/libc6', debian],
      ['usr/bin/node', 'nodejs.org/download/release/v24.21.0/'],
    ],
    [
      ...app,
      [
        'app/node_modules/.package-lock.json',
        readFileSync(path.join(PROJECT, 'node_modules/.package-lock.json')),
      ],
    ],
  ]);
  return imageSbom(repository, image, { toolVersion: '1.0.0' });
}

interface NpmComponent {
  readonly purl: string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
}

function npmSbom(): {
  readonly metadata: { readonly component: NpmComponent };
  readonly components: readonly NpmComponent[];
} {
  const { stdout, stderr } = spawnSync('npm', ['sbom', '--sbom-format', 'cyclonedx'], {
    cwd: PROJECT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  assert.ok(stdout.startsWith('{'), stderr);
  return JSON.parse(stdout);
}

describe('bills of materials, beside those of others', () => {
  it('name the same packages as npm does, with the same hashes', async (t) => {
    const ours = await sbomOfProject(t);
    const npm = npmSbom();
    const hashOf = ({ hashes = [] }: NpmComponent) =>
      hashes.find(({ alg }) => alg === 'SHA-512')?.content ?? '';
    const theirs = new Map(
      [npm.metadata.component, ...npm.components].map((each) => [each.purl, hashOf(each)]),
    );
    const found = ours.components.flatMap(({ purl, hashes }) =>
      purl?.startsWith('pkg:npm/') === true ? [[purl, hashes[0]?.hex ?? ''] as const] : [],
    );
    assert.ok(theirs.size > 100, 'npm has found the packages');
    assert.deepEqual(
      [...theirs.keys()].filter((purl) => !found.some(([name]) => name === purl)),
      [],
    );
    assert.deepEqual(
      found.map(([purl]) => purl).filter((purl) => !theirs.has(purl)),
      [],
    );
    assert.deepEqual(
      found.filter(([purl, hash]) => theirs.get(purl) !== hash),
      [],
    );
    assert.deepEqual(ours.unreadable, []);
  });

  it('are valid for the library of the CycloneDX project in JavaScript', async (t) => {
    const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
    assert.equal(await validator.validate((await sbomOfProject(t)).bytes.toString()), null);
  });

  const python = spawnSync('python3', ['-c', 'import cyclonedx.validation.json, jsonschema'], {
    encoding: 'utf8',
  });
  const skip = python.status === 0 ? false : 'needs `pip install "cyclonedx-python-lib[json-validation]"`';
  it('are valid for its library in Python', { skip }, async (t) => {
    const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-interop-'));
    t.after(() => rmSync(directory, { recursive: true, force: true }));
    const { bytes, document } = await sbomOfProject(t);
    assert.equal(errorOf(path.join(directory, 'good.json'), bytes), 'None');
    const broken = Buffer.from(JSON.stringify({ ...document, components: [{ type: 'nothing' }] }));
    assert.notEqual(errorOf(path.join(directory, 'bad.json'), broken), 'None');
  });
});

describe('packages of Debian', () => {
  const format = '${db:Status-Status} ${Package} ${Version} ${source:Package} ${source:Version}\\n';
  const dpkg = spawnSync('dpkg-query', ['-W', '-f', format], { encoding: 'utf8' });
  it('are those that dpkg lists on this machine', { skip: dpkg.status === 0 ? false : 'needs dpkg' }, () => {
    const listed = dpkg.stdout.split('\n').filter((line) => /^(?!not-installed|config-files)./.test(line));
    const theirs = listed.map((line) => line.split(' ').slice(1).join(' '));
    const found = parseDebianPackages(readFileSync('/var/lib/dpkg/status', 'utf8')) ?? [];
    const ours = found.map(({ name, version, source }) =>
      [name, version, source.name, source.version].join(' '),
    );
    assert.ok(theirs.length > 50);
    assert.deepEqual(ours.toSorted(), theirs.toSorted());
  });
});

/** What the validator in Python has against a document. */
function errorOf(file: string, document: Buffer): string {
  writeFileSync(file, document);
  const program = [
    'import sys',
    'from cyclonedx.schema import SchemaVersion',
    'from cyclonedx.validation.json import JsonStrictValidator',
    'print(JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read()))',
  ].join('\n');
  const { stdout, stderr } = spawnSync('python3', ['-c', program, file], { encoding: 'utf8' });
  return stdout.trim() || stderr;
}
