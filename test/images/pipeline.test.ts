import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';

const PIPELINE = path.join(import.meta.dirname, '../../.github/image');
const run = promisify(execFile);
const skip = reasonToSkip();

function reasonToSkip(): string | false {
  try {
    execFileSync('jq', ['--version']);
    return false;
  } catch {
    return 'jq is not here';
  }
}

async function jq(
  program: string,
  input: unknown,
  facts: Record<string, string>,
  environment = {},
): Promise<unknown> {
  const given = Object.entries(facts).flatMap(([name, value]) => ['--arg', name, value]);
  const running = run('jq', [...given, '--from-file', path.join(PIPELINE, program)], {
    env: { PATH: process.env['PATH'], ...environment },
  });
  running.child.stdin?.end(JSON.stringify(input));
  return JSON.parse((await running).stdout);
}

const TIMES = { started: '2026-11-21T12:00:00Z', finished: '2026-11-21T12:00:09Z' };

/** The parts that are used, as Grype 0.116 prints them. */
const GRYPE = {
  matches: [
    {
      vulnerability: {
        id: 'GHSA-aaaa-bbbb-cccc',
        severity: 'High',
        fix: { versions: ['1.2.4'], state: 'fixed' },
      },
      relatedVulnerabilities: [{ id: 'CVE-2026-0001' }],
      artifact: { name: 'left', version: '1.2.3', purl: 'pkg:npm/left@1.2.3' },
    },
  ],
  descriptor: {
    name: 'grype',
    version: '0.116.1',
    db: { status: { schemaVersion: 'v6.1.0', built: '2026-11-21T04:10:00Z', valid: true } },
  },
};

describe('the result of a scan', { skip }, () => {
  it('is put into the words of in-toto', async () => {
    assert.deepEqual(await jq('vulns.jq', GRYPE, TIMES), {
      scanner: {
        uri: 'pkg:github/anchore/grype@v0.116.1',
        version: '0.116.1',
        db: { lastUpdate: '2026-11-21T04:10:00Z' },
        result: [
          {
            id: 'GHSA-aaaa-bbbb-cccc',
            severity: [{ method: 'grype', score: 'High' }],
            annotations: [
              {
                purl: 'pkg:npm/left@1.2.3',
                installed: '1.2.3',
                fixed: ['1.2.4'],
                aliases: ['CVE-2026-0001'],
              },
            ],
          },
        ],
      },
      metadata: { scanStartedOn: TIMES.started, scanFinishedOn: TIMES.finished },
    });
  });

  it('is none when it does not say how old its database is, or was not made by Grype', async () => {
    const undated = { ...GRYPE, descriptor: { version: '0.116.1', db: {} } };
    await assert.rejects(jq('vulns.jq', undated, TIMES), /does not say when its database was built/);
    await assert.rejects(jq('vulns.jq', { Results: [] }, TIMES), /no result of Grype/);
  });
});

describe('the provenance', { skip }, () => {
  it('says what was built, by whom and from what', async () => {
    const base = `gcr.io/distroless/nodejs24-debian13@sha256:${'a'.repeat(64)}`;
    const said = await jq(
      'provenance.jq',
      null,
      { base, finished: TIMES.finished },
      {
        GITHUB_SERVER_URL: 'https://github.com',
        GITHUB_REPOSITORY: 'acme/shop',
        GITHUB_WORKFLOW_REF: 'acme/shop/.github/workflows/image.yml@refs/heads/main',
        GITHUB_REF: 'refs/heads/main',
        GITHUB_SHA: 'b'.repeat(40),
        GITHUB_RUN_ID: '7',
        GITHUB_RUN_ATTEMPT: '1',
      },
    );
    assert.partialDeepStrictEqual(said, {
      buildDefinition: {
        buildType: 'https://actions.github.io/buildtypes/workflow/v1',
        externalParameters: {
          workflow: {
            ref: 'refs/heads/main',
            repository: 'https://github.com/acme/shop',
            path: '.github/workflows/image.yml',
          },
        },
        resolvedDependencies: [
          { uri: 'git+https://github.com/acme/shop@refs/heads/main', digest: { gitCommit: 'b'.repeat(40) } },
          { uri: `docker://${base}`, digest: { sha256: 'a'.repeat(64) } },
        ],
      },
      runDetails: {
        builder: { id: 'https://github.com/acme/shop/.github/workflows/image.yml@refs/heads/main' },
        metadata: {
          invocationId: 'https://github.com/acme/shop/actions/runs/7/attempts/1',
          finishedOn: TIMES.finished,
        },
      },
    });
  });
});

const MANIFEST = `sha256:${'c'.repeat(64)}`;

function indexOf(...platforms: readonly string[]): string {
  const manifests = platforms.map((platform) => {
    const [os, architecture] = platform.split('/');
    return { digest: MANIFEST, platform: { os, architecture } };
  });
  return JSON.stringify({ manifests });
}

function digestOf(bytes: string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Runs the script where `docker` answers for a registry with that index, and `cosign` accepts it or not. */
async function baseImage(
  registry: { readonly index: string; readonly named?: string; readonly isSigned?: boolean },
  words: readonly string[],
  file?: object,
): Promise<string> {
  const { index, named = digestOf(index), isSigned = true } = registry;
  const directory = await mkdtemp(path.join(tmpdir(), 'base-image-'));
  const docker = `case "$*" in *--raw*) printf %s '${index}' ;; *) printf %s '{"digest":"${named}"}' ;; esac`;
  const cosign = `[[ $* == *keyless@distroless.iam.gserviceaccount.com* ]] && exit ${isSigned ? 0 : 1}; exit 2`;
  try {
    for (const [name, script] of Object.entries({ docker, cosign })) {
      await writeFile(path.join(directory, name), `#!/usr/bin/env bash\n${script}\n`);
      await chmod(path.join(directory, name), 0o755);
    }
    if (file !== undefined) await writeFile(path.join(directory, 'base.json'), JSON.stringify(file));
    const { stdout } = await run(path.join(PIPELINE, 'base-image.sh'), [...words], {
      cwd: directory,
      env: { PATH: `${directory}:${process.env['PATH']}` },
    });
    return stdout.trim();
  } finally {
    await rm(directory, { recursive: true });
  }
}

describe('the base of the image', { skip }, () => {
  const index = indexOf('linux/amd64', 'linux/arm64');
  const repository = 'gcr.io/distroless/nodejs24-debian13';
  const resolve = ['resolve', `${repository}:nonroot`, 'linux/amd64'];
  const verify = ['verify', 'base.json'];
  const known = {
    repository,
    tag: 'nonroot',
    platform: 'linux/amd64',
    index: digestOf(index),
    manifest: MANIFEST,
  };

  it('is found by its tag and named by the digest for one platform', async () => {
    assert.deepEqual(JSON.parse(await baseImage({ index }, resolve)), known);
  });

  it('is verified again before it is used', async () => {
    assert.equal(await baseImage({ index }, verify, known), `${repository}@${MANIFEST}`);
  });

  it('is not used unless it is signed', async () => {
    for (const words of [resolve, verify]) {
      await assert.rejects(
        baseImage({ index, isSigned: false }, words, known),
        /is not signed by keyless@distroless/,
      );
    }
  });

  it('is not used when the registry gives other bytes than were asked for', async () => {
    const named = `sha256:${'0'.repeat(64)}`;
    await assert.rejects(baseImage({ index, named }, resolve), /gave other bytes/);
    await assert.rejects(baseImage({ index: indexOf('linux/amd64') }, verify, known), /gave other bytes/);
  });

  it('is not used when what was written down is not in the index', async () => {
    const other = { ...known, manifest: `sha256:${'d'.repeat(64)}` };
    await assert.rejects(baseImage({ index }, verify, other), /names another manifest/);
  });

  it('is not used when it is not there for the platform', async () => {
    const arm = indexOf('linux/arm64');
    await assert.rejects(
      baseImage({ index: arm }, resolve),
      /does not have exactly one image for linux\/amd64/,
    );
  });

  it('has to have been looked up once', async () => {
    await assert.rejects(baseImage({ index }, verify), /there is no base\.json; run the workflow base-image/);
  });
});
