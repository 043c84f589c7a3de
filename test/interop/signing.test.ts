import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { systemClock } from '../../src/clock/system-clock.ts';
import { PREDICATE_TYPES } from '../../src/supply-chain/attestations/predicate-types.ts';
import { statementAbout } from '../../src/supply-chain/attestations/statement.ts';
import { layoutRepository } from '../../src/supply-chain/layout/layout-repository.ts';
import { digestOf, hexOf, type Digest } from '../../src/supply-chain/oci/digest.ts';
import {
  startRegistry,
  type RunningRegistry,
} from '../../src/supply-chain/registry/server/registry-server.ts';
import { repositoryDirectory } from '../../src/supply-chain/registry/server/repository-directory.ts';
import { localKey, type LocalKey } from '../../src/supply-chain/signing/local-key.ts';
import { localSigning } from '../../src/supply-chain/signing/local-signer.ts';
import { signStatement } from '../../src/supply-chain/signing/sign-statement.ts';
import { forgeIn, type Forge } from '../../src/supply-chain/testing/forge.ts';
import { startLocalSigstore, type LocalSigstore } from '../../src/supply-chain/testing/local-sigstore.ts';
import { readEvidence } from '../../src/supply-chain/verification/read-evidence.ts';
import type { TrustedSigner } from '../../src/supply-chain/verification/trust.ts';
import { use, without } from './tools.ts';

/** The Python that sigstore-python is installed in. */
const PYTHON = process.env['SIGSTORE_PYTHON'] ?? 'python3';
const PROVENANCE = {
  buildDefinition: { buildType: 'https://example.com/build/v1', externalParameters: {} },
  runDetails: { builder: { id: 'https://example.com/builder' } },
};
const WHO = { subject: 'https://example.com/release', issuer: 'https://issuer.example.com' };
const LOGGED = { log: true, timestamp: false };
const BY_KEY = '--key ours.key --use-signing-config=false --tlog-upload=false --allow-http-registry -y';

describe('evidence that is exchanged with other programs', () => {
  let directory: string;
  let registry: RunningRegistry;
  let forge: Forge;
  let key: LocalKey;
  let sigstore: LocalSigstore;

  before(async () => {
    directory = mkdtempSync(path.join(os.tmpdir(), 'canary-interop-'));
    const shelf = path.join(directory, 'registry');
    registry = await startRegistry({ directory: shelf, port: 0, clock: systemClock() });
    forge = forgeIn(layoutRepository(`${registry.address}/shop`, repositoryDirectory(shelf, 'shop')));
    key = localKey(path.join(directory, 'keys'), 'build');
    sigstore = await startLocalSigstore();
    writeJson('root.json', sigstore.trustedRoot);
    writeJson('provenance.json', PROVENANCE);
  });
  after(async () => {
    sigstore.close();
    await registry[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true, force: true });
  });

  const nameOf = (image: Digest) => `${registry.address}/shop@${image}`;

  function writeJson(name: string, content: unknown): void {
    writeFileSync(path.join(directory, name), JSON.stringify(content));
  }

  /** `done`, or what cosign says is wrong. */
  async function cosign(line: string): Promise<string> {
    return use(directory, `cosign ${line}`).then(() => 'done', String);
  }

  function keyTrust(): TrustedSigner {
    const publicKey = readFileSync(key.publicKeyFile, 'utf8');
    return { kind: 'key', name: 'build', keys: [{ publicKey, from: null, until: null }] };
  }

  function keylessTrust(): TrustedSigner {
    const nothing = {
      sourceRepository: null,
      sourceRepositoryRef: null,
      sourceRepositoryId: null,
      sourceRepositoryOwnerId: null,
    };
    return {
      kind: 'keyless',
      name: 'ci',
      trustedRoot: sigstore.trustedRoot,
      thresholds: { log: 1, certificateLog: 1, timestamp: 1 },
      identities: [{ ...WHO, ...nothing }],
    };
  }

  async function believed(image: Digest, signer: TrustedSigner): Promise<readonly string[]> {
    const evidence = await readEvidence(forge.repository, image, [signer], { now: Date.now() });
    assert.deepEqual(evidence.rejected, []);
    return evidence.statements.map(({ statement }) => statement.predicateType).toSorted();
  }

  const noCosign = without('cosign');

  it('cosign verifies what our key signed, and not by another key', { skip: noCosign }, async () => {
    const image = await forge.image('signed with our key');
    const said = { predicateType: PREDICATE_TYPES.provenance, predicate: PROVENANCE };
    await forge.attest(image, { predicateType: PREDICATE_TYPES.signature }, localSigning(key));
    await forge.attest(image, said, localSigning(key));
    const other = localKey(path.join(directory, 'keys'), 'other');
    const how = `--insecure-ignore-tlog --allow-http-registry ${nameOf(image)}`;
    const verify = (file: string) => cosign(`verify --key ${file} ${how}`);
    assert.equal(await verify(key.publicKeyFile), 'done');
    assert.match(await verify(other.publicKeyFile), /no matching/);
    const attested = `verify-attestation --type slsaprovenance1 --key ${key.publicKeyFile} ${how}`;
    assert.equal(await cosign(attested), 'done');
  });

  it('cosign verifies a bundle of ours without a registry', { skip: noCosign }, async () => {
    const image = await forge.image('a bundle alone');
    const about = { repository: 'registry/shop', digest: image };
    const statement = statementAbout(about, PREDICATE_TYPES.provenance, PROVENANCE);
    writeFileSync(path.join(directory, 'bundle.json'), await signStatement(statement, localSigning(key)));
    const how = `--bundle bundle.json --key ${key.publicKeyFile} --insecure-ignore-tlog --type slsaprovenance1`;
    const verify = (digest: Digest) =>
      cosign(`verify-blob-attestation ${how} --digestAlg sha256 --digest ${hexOf(digest)}`);
    assert.equal(await verify(image), 'done');
    assert.notEqual(await verify(digestOf('another')), 'done');
  });

  it('cosign signs with our key, and we verify it', { skip: noCosign }, async () => {
    const image = await forge.image('signed by cosign');
    const file = path.join(directory, 'keys/build.key');
    assert.equal(await cosign(`import-key-pair --key ${file} --output-key-prefix ours`), 'done');
    assert.equal(await cosign(`sign ${BY_KEY} ${nameOf(image)}`), 'done');
    const said = '--type slsaprovenance1 --predicate provenance.json';
    assert.equal(await cosign(`attest ${said} ${BY_KEY} ${nameOf(image)}`), 'done');
    const types = [PREDICATE_TYPES.signature, PREDICATE_TYPES.provenance].toSorted();
    assert.deepEqual(await believed(image, keyTrust()), types);
  });

  it('cosign verifies what a workflow of ours signed, and nobody else', { skip: noCosign }, async () => {
    const image = await forge.image('signed without a key');
    for (const services of [LOGGED, { log: true, timestamp: true }]) {
      const said = { predicateType: PREDICATE_TYPES.signature };
      await forge.attest(image, said, sigstore.signing(WHO, services));
    }
    const how = `--trusted-root root.json --certificate-oidc-issuer ${WHO.issuer} --allow-http-registry`;
    const verify = (subject: string) =>
      cosign(`verify ${how} --certificate-identity ${subject} ${nameOf(image)}`);
    assert.equal(await verify(WHO.subject), 'done');
    assert.match(await verify(`${WHO.subject}-evil`), /expected SAN value/);
  });

  it('cosign signs with a certificate, and we verify it', { skip: noCosign }, async () => {
    const image = await forge.image('signed by cosign without a key');
    const service = {
      url: sigstore.url,
      majorApiVersion: 1,
      validFor: { start: new Date(Date.now() - 60_000).toISOString() },
      operator: 'example.com',
    };
    const any = { selector: 'ANY' };
    writeJson('services.json', {
      mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
      caUrls: [service],
      oidcUrls: [service],
      rekorTlogUrls: [service],
      tsaUrls: [],
      rekorTlogConfig: any,
      tsaConfig: any,
    });
    writeFileSync(path.join(directory, 'token'), sigstore.tokenOf(WHO));
    const how = `--signing-config services.json --trusted-root root.json --identity-token ${directory}/token`;
    assert.equal(await cosign(`sign ${how} --allow-http-registry -y ${nameOf(image)}`), 'done');
    assert.deepEqual(await believed(image, keylessTrust()), [PREDICATE_TYPES.signature]);
  });

  it('sigstore-python verifies what a workflow of ours signed', { skip: withoutSigstore() }, async () => {
    const about = { repository: 'registry/shop', digest: digestOf('an image') };
    const statement = statementAbout(about, PREDICATE_TYPES.provenance, PROVENANCE);
    const script = path.join(import.meta.dirname, 'verify-statement.py');
    const verify = (subject: string) =>
      use(directory, `${PYTHON} ${script} root.json bundle.json ${subject} ${WHO.issuer}`);
    for (const services of [LOGGED, { log: true, timestamp: true }]) {
      writeJson('bundle.json', spelledOut(await signStatement(statement, sigstore.signing(WHO, services))));
      assert.equal((await verify(WHO.subject)).trim(), 'application/vnd.in-toto+json');
      await assert.rejects(verify(`${WHO.subject}-evil`), /Certificate's SANs do not match/);
    }
  });
});

/**
 * The same bundle with the index and the hashes of its log entry written down where they are 0 and none, as they are in a
 * log of one entry such as that of the tests: JSON leaves them out, and sigstore-python does not take that.
 */
function spelledOut(bytes: Buffer): unknown {
  return JSON.parse(bytes.toString(), (key, value: unknown) =>
    key === 'inclusionProof' ? { logIndex: '0', hashes: [], ...Object(value) } : value,
  );
}

function withoutSigstore(): string | false {
  try {
    execFileSync(PYTHON, ['-c', 'import sigstore'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'sigstore-python missing: install it with pip, and name its Python in SIGSTORE_PYTHON';
  }
}
