import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import {
  ENGINE_VERIFIER,
  LOCAL_BUILD_TYPE,
  LOCAL_BUILDER,
} from '../../src/supply-chain/policy/own-identity.ts';
import { layoutRepository } from '../../src/supply-chain/layout/layout-repository.ts';
import {
  HOUR,
  provenanceOf,
  sbomOf,
  scanOf,
  signatureOf,
  summaryOf,
} from '../../src/supply-chain/policy/testing/statements.ts';
import { localKey } from '../../src/supply-chain/signing/local-key.ts';
import { localSigning } from '../../src/supply-chain/signing/local-signer.ts';
import { forgeIn } from '../../src/supply-chain/testing/forge.ts';
import type { VerifiedStatement } from '../../src/supply-chain/verification/evidence.ts';
import { retarget } from './stage.ts';

const MAIN = path.join(import.meta.dirname, '../../src/cli/main.ts');

/** A project with the default policy, and an image whose evidence is signed by the keys of the machine. */
async function project(t: TestContext) {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-verify-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const targets = (port: number) => [{ kind: 'local', name: 'web', listen: port }];
  const config = {
    service: 'shop',
    run: { command: 'node server.js' },
    supplyChain: {},
    environments: [
      { name: 'dev', targets: targets(8080) },
      { name: 'prod', targets: targets(8081) },
    ],
  };
  writeFileSync(path.join(directory, 'canary.config.json'), JSON.stringify(config));
  const state = path.join(directory, '.canary');
  const repository = layoutRepository('registry/shop', path.join(state, 'registry/shop'));
  const forge = forgeIn(repository);
  const image = await forge.image();
  const by = (name: string) => localSigning(localKey(path.join(state, 'keys'), name));
  return {
    image,
    async attach(verified: VerifiedStatement, name = 'build') {
      const { predicateType, predicate } = retarget(verified, image);
      await forge.attest(image, { predicateType, predicate }, by(name));
    },
    async canary(...args: readonly string[]) {
      const child = spawn(process.execPath, [MAIN, ...args], { cwd: directory });
      const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
      const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
      return { code, stdout, stderr };
    },
  };
}

describe('canary verify', () => {
  it('says that an image would be let in, and by what', async (t) => {
    const { attach, canary, image } = await project(t);
    await attach(signatureOf());
    await attach(provenanceOf({ builder: LOCAL_BUILDER, buildType: LOCAL_BUILD_TYPE, parameters: {} }));
    await attach(sbomOf({}));
    await attach(scanOf({}));
    await attach(summaryOf({ digest: image, verifier: ENGINE_VERIFIER }), 'engine-dev');
    const { code, stdout, stderr } = await canary('verify', `registry/shop@${image}`, '--env', 'prod');
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /✓\s+scan\s+by build\s+sha256:[0-9a-f]{12}…\s+60 min old\n/);
    assert.match(stdout, /✓\s+verdict\s+by engine-dev .*\n\s+promoted in dev 60 min ago/);
    assert.match(stdout, /prod would let it in\.\n$/);

    const json = await canary('verify', `registry/shop@${image}`, '--env', 'prod', '--json', '--explain');
    const document = JSON.parse(json.stdout);
    assert.equal(document.admitted, true);
    assert.deepEqual(document.refusals, []);
    assert.equal(document.effectivePolicy.mode, 'enforce');
  });

  it('says why not, and what to do about it, and ends with 1', async (t) => {
    const { attach, canary, image } = await project(t);
    await attach(signatureOf(), 'stranger');
    await attach(scanOf({ age: 48 * HOUR }));
    const { code, stdout, stderr } = await canary('verify', `registry/shop@${image}`, '--env', 'prod');
    assert.equal(code, 1, stderr);
    for (const expected of [
      /UNTRUSTED_SIGNER/,
      /SCAN_STALE/,
      /MISSING_SBOM/,
      /To do: /,
      /for 5 reasons\.\n$/,
    ]) {
      assert.match(stdout, expected);
    }
    const { stdout: json } = await canary('verify', `registry/shop@${image}`, '--env', 'prod', '--json');
    const codes = JSON.parse(json).refusals.map((refusal: { code: string }) => refusal.code);
    assert.deepEqual(codes, [
      'UNTRUSTED_SIGNER',
      'MISSING_PROVENANCE',
      'MISSING_SBOM',
      'SCAN_STALE',
      'MISSING_VSA',
    ]);
  });

  it('refuses what is not there', async (t) => {
    const { canary } = await project(t);
    const tagged = await canary('verify', 'registry/shop:latest', '--env', 'prod');
    assert.equal(tagged.code, 4, tagged.stderr);
    assert.match(tagged.stderr, /There is no tag latest in registry\/shop/);
    const missing = await canary('verify', `registry/shop@sha256:${'0'.repeat(64)}`, '--env', 'prod');
    assert.equal(missing.code, 1, missing.stderr);
    assert.match(missing.stdout, /NOT_FOUND/);
  });

  it('ends with 2 when it is used wrongly', async (t) => {
    const { canary, image } = await project(t);
    const wrong = [['verify'], ['verify', 'shop'], ['verify', `registry/shop@${image}`, '--env', 'porod']];
    for (const args of wrong) assert.equal((await canary(...args)).code, 2, args.join(' '));
  });
});
