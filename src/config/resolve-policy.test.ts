import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { runInNewContext } from 'node:vm';
import type { Policy, RuleOf } from '../supply-chain/policy/policy.ts';
import { startLocalSigstore } from '../supply-chain/testing/local-sigstore.ts';
import type { ConfigInput } from './config-schema.ts';
import { checkConfig } from './load.ts';
import { ConfigError } from './problems.ts';
import { findEnvironment, resolveRelease, resolveRequest } from './resolve.ts';
import { resolvePolicy } from './resolve-policy.ts';

type Written = NonNullable<ConfigInput['supplyChain']>;
type WrittenEnvironment = Partial<ConfigInput['environments'][number]>;
interface AskedSource {
  readonly repository: string | string[];
  readonly refs?: string;
}

function project(
  t: TestContext,
  supplyChain: Written | undefined,
  prod: WrittenEnvironment = {},
  dev: WrittenEnvironment = {},
) {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-policy-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  mkdirSync(path.join(directory, '.canary/keys'), { recursive: true });
  for (const name of ['build', 'engine-dev']) {
    writeFileSync(path.join(directory, `.canary/keys/${name}.pub`), `key of ${name}`);
  }
  writeFileSync(path.join(directory, 'ci.pub'), 'key of ci');
  const written: ConfigInput = {
    service: 'shop',
    run: { command: 'node server.js' },
    ...(supplyChain === undefined ? {} : { supplyChain }),
    environments: [
      { name: 'dev', targets: [{ kind: 'local', name: 'web', listen: 8080 }], ...dev },
      { name: 'prod', targets: [{ kind: 'local', name: 'web', listen: 8081 }], ...prod },
    ],
  };
  return {
    config: checkConfig(written, 'canary.config.ts'),
    file: path.join(directory, 'canary.config.ts'),
  };
}

function policyOf(loaded: ReturnType<typeof project>, environment = 'prod'): Policy {
  return resolvePolicy(loaded, findEnvironment(loaded.config, environment));
}

function ruleOf<Kind extends Policy['rules'][number]['evidence']>(policy: Policy, kind: Kind): RuleOf<Kind> {
  const found = policy.rules.find((rule): rule is RuleOf<Kind> => rule.evidence === kind);
  assert.ok(found !== undefined, `there is a rule for ${kind}`);
  return found;
}

function problemsOf(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message;
  }
  throw new Error('there was no problem');
}

describe('a policy', () => {
  it('is complete when nothing is written: all evidence, by the keys of this machine', (t) => {
    const policy = policyOf(project(t, {}));
    assert.deepEqual(
      policy.rules.map(({ evidence }) => evidence),
      ['signature', 'provenance', 'sbom', 'scan', 'verdict'],
    );
    assert.equal(policy.mode, 'enforce');
    assert.deepEqual(policy.repositories, ['registry/shop']);
    assert.deepEqual(policy.platform, { os: 'linux', architecture: 'amd64' });
    const build = policy.signers.find(({ name }) => name === 'build');
    assert.deepEqual(build, {
      kind: 'key',
      name: 'build',
      keys: [{ publicKey: 'key of build', from: null, until: null }],
    });
    assert.equal(ruleOf(policy, 'scan').maxAge, 86_400_000);
    assert.equal(ruleOf(policy, 'scan').failOn, 'high');
  });

  it('trusts nobody for a local key that has not been made yet', (t) => {
    const security = policyOf(project(t, {})).signers.find(({ name }) => name === 'security');
    assert.deepEqual(security, { kind: 'key', name: 'security', keys: [] });
  });

  it('wants the verdict of the environment before, by its own engine', (t) => {
    const loaded = project(t, { require: { verdict: { soak: '1h' } } });
    const { environment, signers, soak, service } = ruleOf(policyOf(loaded), 'verdict');
    assert.deepEqual([environment, signers, soak, service], ['dev', ['engine-dev'], 3_600_000, 'shop']);
    assert.ok(!policyOf(loaded, 'dev').rules.some(({ evidence }) => evidence === 'verdict'));
    const free = project(t, {}, { after: false });
    assert.ok(!policyOf(free).rules.some(({ evidence }) => evidence === 'verdict'));
  });

  it('of an environment overrides the common one, rule by rule', (t) => {
    const supplyChain: Written = { images: ['registry/other'], require: { scan: { maxAge: '1h' } } };
    const loaded = project(t, supplyChain, { supplyChain: { require: { sbom: false } } });
    const policy = policyOf(loaded);
    assert.deepEqual(policy.repositories, ['registry/other']);
    assert.equal(ruleOf(policy, 'scan').maxAge, 3_600_000);
    assert.ok(!policy.rules.some(({ evidence }) => evidence === 'sbom'));
    assert.ok(policyOf(loaded, 'dev').rules.some(({ evidence }) => evidence === 'sbom'));
  });

  it('knows what a workflow builds, and that no other repository may call it', (t) => {
    const policy = policyOf(
      project(t, {
        trust: [
          {
            name: 'ci',
            workflow: 'acme/shop/.github/workflows/release.yml',
            refs: 'refs/heads/main',
            repositoryId: '42',
          },
        ],
        require: { provenance: { signers: ['ci'] } },
      }),
    );
    const ci = policy.signers.find(({ name }) => name === 'ci');
    assert.ok(ci?.kind === 'keyless');
    assert.deepEqual(ci.identities, [
      {
        subject: 'https://github.com/acme/shop/.github/workflows/release.yml@refs/heads/main',
        issuer: 'https://token.actions.githubusercontent.com',
        sourceRepository: 'https://github.com/acme/shop',
        sourceRepositoryRef: 'refs/heads/main',
        sourceRepositoryId: '42',
        sourceRepositoryOwnerId: null,
      },
    ]);
    assert.deepEqual(ci.thresholds, { log: 1, certificateLog: 1, timestamp: 1 });
    const { builders, parameters } = ruleOf(policy, 'provenance');
    assert.deepEqual(builders, [ci.identities[0]?.subject]);
    assert.deepEqual(parameters['workflow.ref'], ['refs/heads/main']);
    assert.deepEqual(parameters['workflow.path'], ['.github/workflows/release.yml']);
  });

  it('must say from which branches a workflow of others may be run, for it builds what its caller has checked out', (t) => {
    const shared = { name: 'ci', workflow: 'acme/ci/.github/workflows/build.yml', refs: 'refs/tags/v1' };
    const called = { ...shared, repository: 'acme/shop' };
    assert.match(
      problemsOf(() => policyOf(project(t, { trust: [called] }))),
      /trust "ci"\.repositoryRefs is missing: say from which branches and tags of acme\/shop/,
    );
    const trust = [{ ...called, repositoryRefs: ['refs/heads/main', 'refs/heads/next'] }];
    const policy = policyOf(project(t, { trust, require: { provenance: { signers: ['ci'] } } }));
    const ci = policy.signers.find(({ name }) => name === 'ci');
    assert.deepEqual(
      ci?.kind === 'keyless' &&
        ci.identities.map(({ subject, sourceRepositoryRef }) => [subject.split('@')[1], sourceRepositoryRef]),
      [
        ['refs/tags/v1', 'refs/heads/main'],
        ['refs/tags/v1', 'refs/heads/next'],
      ],
    );
    const { parameters } = ruleOf(policy, 'provenance');
    assert.deepEqual(parameters['workflow.ref'], ['refs/heads/main', 'refs/heads/next']);
  });

  it('asks for a source only when it is written, so that policies without one keep their digests', (t) => {
    assert.equal('source' in ruleOf(policyOf(project(t, {})), 'provenance'), false);
    const repository = 'https://github.com/acme/shop';
    const asking = (source: AskedSource): Written => ({ require: { provenance: { source } } });
    assert.deepEqual(ruleOf(policyOf(project(t, asking({ repository }))), 'provenance').source, {
      repositories: [repository],
      refs: null,
    });
    const refs = 'refs/heads/main';
    const both = asking({ repository: [repository, 'ssh://git@github.com/acme/shop'], refs });
    assert.deepEqual(ruleOf(policyOf(project(t, both)), 'provenance').source, {
      repositories: [repository, 'ssh://git@github.com/acme/shop'],
      refs: [refs],
    });
    for (const wrong of [
      `${repository}.git`,
      `${repository}/`,
      'acme/shop',
      'git@github.com:acme/shop.git',
    ]) {
      assert.match(
        problemsOf(() => project(t, asking({ repository: wrong }))),
        /must be the address of a repository/,
      );
    }
  });

  it('cannot be settled while a key that is named is not there', (t) => {
    const trust = [{ name: 'ci', key: ['ci.pub', 'missing.pub'] }];
    const text = problemsOf(() => policyOf(project(t, { trust })));
    assert.match(text, /supplyChain\.trust "ci"\.key names .*missing\.pub, which does not exist/);
  });

  it('cannot be settled while a rule names somebody who is not trusted', (t) => {
    const text = problemsOf(() => policyOf(project(t, { require: { signature: ['cy'], sbom: ['ci'] } })));
    assert.match(text, /require\.signature names the signer "cy".*there are: build, security/);
    assert.match(text, /require\.sbom names the signer "ci"/);
  });

  it('must ask for something', (t) => {
    const nothing = {
      signature: false,
      provenance: false,
      sbom: false,
      scan: false,
      verdict: false,
    } as const;
    assert.match(
      problemsOf(() => policyOf(project(t, { require: nothing }))),
      /must leave at least one rule/,
    );
  });

  it('must say how others build, where that is not known by itself', (t) => {
    const supplyChain: Written = {
      trust: [{ name: 'ci', key: 'ci.pub' }],
      require: { provenance: { signers: ['ci'] } },
    };
    assert.match(
      problemsOf(() => policyOf(project(t, supplyChain))),
      /require\.provenance must say `builders`, `buildTypes` and `parameters`/,
    );
  });

  it('of GitHub for private repositories needs the root that it does not bring', (t) => {
    const workflow = { workflow: 'acme/shop/.github/workflows/release.yml', refs: ['refs/heads/main'] };
    const trust = [{ name: 'ci', ...workflow, sigstore: 'github' }];
    assert.match(
      problemsOf(() => policyOf(project(t, { trust }))),
      /gh attestation trusted-root/,
    );
  });
});

describe('what is written about the supply chain', () => {
  it('may not name a workflow by its subject alone, which whoever calls it has as well', (t) => {
    const subject = 'https://github.com/acme/ci/.github/workflows/build.yml@refs/tags/v1';
    const trust = [{ name: 'ci', subject, issuer: 'https://token.actions.githubusercontent.com' }];
    const text = problemsOf(() => project(t, { trust }));
    assert.match(text, /trust\[0\]\.subject is a workflow of GitHub Actions.*write it as `workflow`/);
  });

  it('(31) may hold no pattern where the exact value counts', (t) => {
    const patterns = ['^https://github.com/acme/', 'https://github.com/acme/.*', 'refs/tags/v*', '(a|b)'];
    for (const subject of patterns) {
      const trust = [{ name: 'ci', subject, issuer: 'https://accounts.example.com' }];
      const text = problemsOf(() => project(t, { trust }));
      assert.match(
        text,
        /supplyChain\.trust\[0\]\.subject looks like a pattern.*anchored at both ends/,
        subject,
      );
    }
    const trust = [
      { name: 'ci', workflow: 'acme/shop/.github/workflows/release.yml', refs: ['refs/heads/.*'] },
    ];
    assert.match(
      problemsOf(() => project(t, { trust })),
      /trust\[0\]\.refs.* looks like a pattern/,
    );
    assert.match(
      problemsOf(() => project(t, { images: ['registry/*'] })),
      /images\[0\] looks like a pattern/,
    );
  });

  it('(51) may not be only a warning in production', (t) => {
    const everywhere = problemsOf(() => project(t, { mode: 'warn' }));
    assert.match(everywhere, /supplyChain\.mode must not be "warn" for prod/);
    assert.match(
      problemsOf(() => project(t, {}, {}, { production: true, supplyChain: { mode: 'warn' } })),
      /environments\[0\]\.supplyChain\.mode must not be "warn" for dev/,
    );
    assert.match(
      problemsOf(() => project(t, {}, {}, { name: 'prod-eu', supplyChain: { mode: 'warn' } })),
      /must not be "warn" for prod-eu, which is production/,
    );
    const fine = project(t, { mode: 'warn' }, { supplyChain: { mode: 'enforce' } });
    assert.equal(policyOf(fine, 'dev').mode, 'warn');
    assert.equal(policyOf(fine).mode, 'enforce');
  });

  it('names repositories without tag and digest', (t) => {
    assert.match(
      problemsOf(() => project(t, { images: ['registry/shop:1.0.0'] })),
      /without tag and digest/,
    );
    assert.match(
      problemsOf(() => project(t, { images: ['shop'] })),
      /without tag and digest/,
    );
  });

  it('names environments that there are', (t) => {
    assert.match(
      problemsOf(() => project(t, {}, { after: 'test' })),
      /environments\[1\]\.after must name/,
    );
    assert.match(
      problemsOf(() => project(t, {}, { after: 'prod' })),
      /environments\[1\]\.after must name/,
    );
  });

  it('says of a signer what is wrong with the kind that was meant', (t) => {
    const trust = [{ name: 'ci', workflow: 'shop/release.yml', refs: 'refs/heads/main' }];
    assert.match(
      problemsOf(() => project(t, { trust })),
      /trust\[0\]\.workflow must be a path such as/,
    );
  });
});

describe('a rollout', () => {
  const request = (loaded: ReturnType<typeof project>) =>
    resolveRequest(loaded, findEnvironment(loaded.config, 'prod'), resolveRelease(loaded, '1.0.0'), {
      purpose: 'deliver',
      requestedBy: 'ann',
    });

  it('of a command carries a policy where only images may be deployed, and none elsewhere', (t) => {
    assert.notEqual(request(project(t, {})).plan.policy, null);
    assert.equal(request(project(t, undefined)).plan.policy, null);
    assert.equal(request(project(t, false)).plan.policy, null);
    assert.equal(request(project(t, {}, { supplyChain: false })).plan.policy, null);
  });

  it('of an image carries a policy, whatever is written', (t) => {
    for (const written of [undefined, false, {}] as const) {
      const loaded = project(t, written);
      const image = {
        name: '1.0.0',
        digest: `sha256:${'a'.repeat(64)}`,
        artifact: { kind: 'image' as const, repository: 'registry/shop', env: {} },
      };
      const { plan } = resolveRequest(loaded, findEnvironment(loaded.config, 'prod'), image, {
        purpose: 'deliver',
        requestedBy: 'ann',
      });
      assert.notEqual(plan.policy, null);
    }
  });
});

describe('a trusted key', () => {
  it('that is a private one is not written down with the policy', (t) => {
    const loaded = project(t, { trust: [{ name: 'ci', key: './ci.pub' }] });
    writeFileSync(path.join(path.dirname(loaded.file), 'ci.pub'), '-----BEGIN PRIVATE KEY-----\nsecret');
    const said = problemsOf(() => policyOf(loaded));
    assert.match(said, /supplyChain\.trust "ci"\.key .*private key; name the public one/);
    assert.doesNotMatch(said, /secret/);
  });
});

describe('a trusted root', () => {
  const trusting = (file: string): Written => ({
    trust: [{ name: 'ci', subject: 'ann@example.com', issuer: 'https://example.com', sigstore: file }],
  });

  it('must be one', (t) => {
    const loaded = project(t, trusting('./root.json'));
    writeFileSync(path.join(path.dirname(loaded.file), 'root.json'), '{"tlogs":1}');
    assert.match(
      problemsOf(() => policyOf(loaded)),
      /supplyChain\.trust "ci" .*no certificate authority/,
    );
  });

  it('in which anybody may be anybody is not for production', async (t) => {
    const sigstore = await startLocalSigstore();
    t.after(() => sigstore.close());
    const loaded = project(t, trusting('./root.json'));
    const file = path.join(path.dirname(loaded.file), 'root.json');
    writeFileSync(file, JSON.stringify(sigstore.trustedRoot));
    assert.match(
      problemsOf(() => policyOf(loaded)),
      /anybody may be anybody, and prod is production/,
    );
    policyOf(loaded, 'dev');
  });
});

describe('the example in docs/supply-chain/policy.md', () => {
  it('is a configuration', () => {
    const page = readFileSync(path.join(import.meta.dirname, '../../docs/supply-chain/policy.md'), 'utf8');
    const [, example = ''] = /```ts\nexport default defineConfig\(([\s\S]*?)\);\n```/.exec(page) ?? [];
    const written: unknown = runInNewContext(`(${example})`);
    const { supplyChain } = checkConfig(JSON.parse(JSON.stringify(written)), 'the example');
    assert.ok(supplyChain !== undefined && supplyChain !== false);
    assert.equal(supplyChain.trust?.length, 2);
  });
});
