import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { z } from 'zod';
import type { ConfigInput } from '../../src/config/config-schema.ts';
import { PREDICATE_TYPES } from '../../src/supply-chain/attestations/predicate-types.ts';
import { layoutRepository } from '../../src/supply-chain/layout/layout-repository.ts';
import { MEDIA_TYPES } from '../../src/supply-chain/oci/media-types.ts';
import { forgeIn } from '../../src/supply-chain/testing/forge.ts';
import { startLocalSigstore } from '../../src/supply-chain/testing/local-sigstore.ts';
import { readEvidence } from '../../src/supply-chain/verification/read-evidence.ts';
import type { TrustedSigner } from '../../src/supply-chain/verification/trust.ts';

const MAIN = path.join(import.meta.dirname, '../../src/cli/main.ts');
const WHO = { subject: 'https://example.com/release', issuer: 'https://issuer.example.com' };

function trustInCertificates(trustedRoot: unknown, timestamp: number): TrustedSigner {
  const nothing = {
    sourceRepository: null,
    sourceRepositoryRef: null,
    sourceRepositoryId: null,
    sourceRepositoryOwnerId: null,
  };
  return {
    kind: 'keyless',
    name: 'ci',
    trustedRoot,
    thresholds: { log: 1, certificateLog: 1, timestamp },
    identities: [{ ...WHO, ...nothing }],
  };
}

/** A directory without any configuration, with an image in the built-in registry. */
async function place(t: TestContext) {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-sign-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const state = path.join(directory, '.canary');
  const repository = layoutRepository('registry/shop', path.join(state, 'registry/shop'));
  const image = await forgeIn(repository).image();
  const { bytes } = await repository.manifest(image);
  await repository.putManifest(Buffer.from(bytes), MEDIA_TYPES.manifest, '1.0.0');

  const keyFile = (name: string) => path.join(state, 'keys', `${name}.pub`);
  const trustIn = (name: string): TrustedSigner => ({
    kind: 'key',
    name,
    keys: [{ publicKey: readFileSync(keyFile(name), 'utf8'), from: null, until: null }],
  });
  return {
    directory,
    repository,
    image,
    keyFile,
    trustIn,
    async believed(signer: TrustedSigner) {
      const { statements } = await readEvidence(repository, image, [signer], { now: Date.now() });
      return statements.map(({ statement: { predicateType, predicate } }) => ({ predicateType, predicate }));
    },
    async canary(line: string, variables: Readonly<Record<string, string>> = {}) {
      const env = { PATH: process.env['PATH'], HOME: directory, ...variables };
      const child = spawn(process.execPath, [MAIN, ...line.split(' ')], { cwd: directory, env });
      const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
      const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
      return { code, stdout, stderr };
    },
  };
}

describe('canary sign', () => {
  it('signs the digest that a tag points to, with a key made on first use, and says both', async (t) => {
    const { canary, image, keyFile, trustIn, believed } = await place(t);
    const first = await canary('sign registry/shop:1.0.0');
    assert.equal(first.code, 0, first.stderr);
    assert.ok(first.stdout.includes(`registry/shop@${image}`), first.stdout);
    assert.ok(first.stdout.includes(keyFile('build')), first.stdout);
    const again = await canary(`sign registry/shop@${image} --json`);
    assert.equal(JSON.parse(again.stdout).image.digest, image);
    const signature = { predicateType: PREDICATE_TYPES.signature, predicate: {} };
    assert.deepEqual(await believed(trustIn('build')), [signature, signature]);
  });

  it('signs with the key that is named', async (t) => {
    const { canary, trustIn, keyFile, believed } = await place(t);
    assert.equal((await canary('sign registry/shop:1.0.0 --key release')).code, 0);
    assert.equal((await believed(trustIn('release'))).length, 1);
    assert.equal(existsSync(keyFile('build')), false);
  });

  it('signs with a certificate for whoever a token is for', async (t) => {
    const sigstore = await startLocalSigstore();
    t.after(() => sigstore.close());
    const { canary, believed } = await place(t);
    const services = `--fulcio ${sigstore.url} --rekor ${sigstore.url} --timestamps ${sigstore.url}`;
    const token = { SIGSTORE_ID_TOKEN: sigstore.tokenOf(WHO) };
    const { code, stdout, stderr } = await canary(`sign registry/shop:1.0.0 --keyless ${services}`, token);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /Signed with a certificate of http/);
    assert.equal((await believed(trustInCertificates(sigstore.trustedRoot, 2))).length, 1);
  });

  it('signs with a certificate for the job of GitHub Actions that it runs in', async (t) => {
    const sigstore = await startLocalSigstore();
    t.after(() => sigstore.close());
    const tokens = createServer((_, response) => {
      response.end(JSON.stringify({ value: sigstore.tokenOf(WHO) }));
    }).listen(0, '127.0.0.1');
    t.after(() => tokens.close());
    await once(tokens, 'listening');
    const { port } = z.object({ port: z.number() }).parse(tokens.address());
    const job = {
      ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${port}/?job=1`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'of the job',
    };
    const { canary, believed } = await place(t);
    const line = `sign registry/shop:1.0.0 --keyless --fulcio ${sigstore.url} --rekor ${sigstore.url}`;
    const { code, stderr } = await canary(line, job);
    assert.equal(code, 0, stderr);
    assert.equal((await believed(trustInCertificates(sigstore.trustedRoot, 1))).length, 1);
  });

  it('fails, and attaches nothing, when Sigstore does', async (t) => {
    const sigstore = await startLocalSigstore();
    t.after(() => sigstore.close());
    const { canary, image, repository } = await place(t);
    sigstore.failNext(1, 400);
    const line = `sign registry/shop:1.0.0 --keyless --fulcio ${sigstore.url} --rekor ${sigstore.url}`;
    const { code, stderr } = await canary(line, { SIGSTORE_ID_TOKEN: sigstore.tokenOf(WHO) });
    assert.equal(code, 5, stderr);
    assert.deepEqual(await repository.referrers(image), []);
  });

  it('does not sign what no environment lets in: an index of several platforms', async (t) => {
    const { canary, image, repository } = await place(t);
    const { mediaType, bytes } = await repository.manifest(image);
    const manifests = [{ mediaType, digest: image, size: bytes.length }];
    const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.index, manifests }));
    const digest = await repository.putManifest(index, MEDIA_TYPES.index, '1.0.0');
    const { code, stderr } = await canary('sign registry/shop:1.0.0');
    assert.equal(code, 4, stderr);
    assert.match(stderr, /index of several platforms/);
    assert.deepEqual(await repository.referrers(digest), []);
  });

  it('keeps its keys where the configuration keeps the state', async (t) => {
    const { canary, directory } = await place(t);
    renameSync(path.join(directory, '.canary'), path.join(directory, 'elsewhere'));
    const config: ConfigInput = {
      service: 'shop',
      state: 'elsewhere',
      environments: [{ name: 'dev', targets: [{ kind: 'local', name: 'web', listen: 8080 }] }],
    };
    writeFileSync(path.join(directory, 'canary.config.json'), JSON.stringify(config));
    const { code, stderr } = await canary('sign registry/shop:1.0.0');
    assert.equal(code, 0, stderr);
    assert.ok(existsSync(path.join(directory, 'elsewhere/keys/build.pub')));
    assert.equal(existsSync(path.join(directory, '.canary')), false);
  });

  it('sends no token where anybody could read it on its way', async (t) => {
    const { canary } = await place(t);
    const services = '--fulcio http://fulcio.invalid --rekor https://rekor.invalid';
    const { code, stderr } = await canary(`sign registry/shop:1.0.0 --keyless ${services}`, {
      SIGSTORE_ID_TOKEN: 'a.b.c',
    });
    assert.equal(code, 2);
    assert.match(stderr, /http:\/\/fulcio\.invalid.* must be https/);
  });

  it('does nothing when it is not clear what to sign, or how', async (t) => {
    const { canary, directory } = await place(t);
    const wrong = [
      'sign shop',
      'sign registry/shop:1.0.0 --key a --keyless',
      'sign registry/shop:1.0.0 --keyless',
      'sign registry/shop:1.0.0 --keyless --fulcio http://127.0.0.1:1',
      'sign registry/shop:1.0.0 --keyless --fulcio nowhere --rekor nowhere',
      'sign registry/shop:1.0.0 --rekor http://127.0.0.1:1',
      'sign registry/shop:1.0.0 --key ../build',
    ];
    for (const line of wrong) {
      const { code, stdout, stderr } = await canary(line);
      assert.equal(code, 2, `${line}: ${stdout}${stderr}`);
    }
    assert.notEqual((await canary('sign registry/shop:2.0.0')).code, 0);
    assert.equal(existsSync(path.join(directory, '.canary/keys')), false, 'no key was made for it');
  });
});

describe('canary attest', () => {
  it('signs what stands in a file, as the type that is named', async (t) => {
    const { canary, directory, trustIn, believed } = await place(t);
    const predicate = { timestamp: '2026-11-01T12:00:00Z', statements: [] };
    writeFileSync(path.join(directory, 'vex.json'), JSON.stringify(predicate));
    const shop = 'attest registry/shop:1.0.0 --predicate vex.json';
    assert.equal((await canary(`${shop} --type https://example.com/any/v1`)).code, 0);
    assert.equal((await canary(`${shop} --type vex`)).code, 0);
    assert.equal((await canary(`${shop} --type https://openvex.dev/ns`)).code, 0);
    assert.deepEqual(await believed(trustIn('build')), [
      { predicateType: 'https://example.com/any/v1', predicate },
    ]);
    const exceptions = await believed(trustIn('security'));
    assert.deepEqual(exceptions.map(({ predicateType }) => predicateType).toSorted(), [
      'https://openvex.dev/ns',
      PREDICATE_TYPES.vex,
    ]);
  });

  it('does nothing when the type is not known, the file holds no JSON, or it is a verdict', async (t) => {
    const { canary, directory } = await place(t);
    writeFileSync(path.join(directory, 'good.json'), '{}');
    writeFileSync(path.join(directory, 'bad.json'), '{');
    const shop = 'attest registry/shop:1.0.0';
    const wrong = [
      `${shop} --type sbom`,
      `${shop} --predicate good.json`,
      `${shop} --type anything --predicate good.json`,
      `${shop} --type verdict --predicate good.json`,
      `${shop} --type ${PREDICATE_TYPES.verdict} --predicate good.json`,
      `${shop} --type sbom --predicate bad.json`,
      `${shop} --type sbom --predicate gone.json`,
    ];
    for (const line of wrong) assert.equal((await canary(line)).code, 2, line);
    assert.equal(existsSync(path.join(directory, '.canary/keys')), false);
  });

  it('signs nothing that policies could not read, and says what is wrong with it', async (t) => {
    const { canary, directory, repository, image } = await place(t);
    const statement = { vulnerability: { name: 'TEST-1' }, status: 'not_affected' };
    writeFileSync(path.join(directory, 'undated.json'), JSON.stringify({ statements: [statement] }));
    for (const type of ['vex', 'scan', 'sbom', 'provenance', 'https://spdx.dev/Document']) {
      const line = `attest registry/shop:1.0.0 --type ${type} --predicate undated.json`;
      const { code, stderr } = await canary(line);
      assert.equal(code, 2, line);
      if (type === 'vex') assert.match(stderr, /timestamp/);
    }
    assert.deepEqual(await repository.referrers(image), []);
  });
});
