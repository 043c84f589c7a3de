import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { plan, rollout, START } from '../../test/builders.ts';
import type { DueVerdict } from '../core/attestation.ts';
import type { Rollout } from '../core/rollout.ts';
import { layoutRepository } from '../supply-chain/layout/layout-repository.ts';
import { readAll } from '../supply-chain/oci/read-all.ts';
import { parseManifest } from '../supply-chain/oci/manifest.ts';
import type { Digest } from '../supply-chain/oci/digest.ts';
import { storeImage } from '../supply-chain/policy/testing/stored-image.ts';
import { localKey } from '../supply-chain/signing/local-key.ts';
import { localSigning } from '../supply-chain/signing/local-signer.ts';
import { signingNotary } from './signing-notary.ts';

const HEAD = '0'.repeat(64);
const LARGE = 1_000_000;

/** A notary with a key of its own, and two images in a layout. */
async function office(t: TestContext, ready: Promise<void> = Promise.resolve()) {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-notary-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const repository = layoutRepository('registry/shop', path.join(directory, 'images'));
  const images = {
    first: await storeImage(repository, { content: 'first' }),
    second: await storeImage(repository, { content: 'second' }),
  };
  const key = localKey(path.join(directory, 'keys'), 'engine');
  const notary = signingNotary({
    openRepository: async () => repository,
    signingBy: async () => {
      await ready;
      return localSigning(key);
    },
    directory: path.join(directory, 'verdicts'),
    toolVersion: '0.1.0',
  });
  const signal = AbortSignal.any([]);
  return {
    images,
    find: (of: Rollout, due: DueVerdict) => notary.find(of, due, signal),
    attest: (of: Rollout, due: DueVerdict, patience = signal) => notary.attest(of, due, HEAD, patience),
    /** What hangs on the image: the predicates of all statements about it. */
    async predicates(image: Digest) {
      const attached = await repository.referrers(image);
      return Promise.all(
        attached.map(async ({ digest }) => {
          const { layers } = parseManifest(await repository.manifest(digest));
          const [layer] = layers;
          assert.ok(layer !== undefined);
          const bundle = JSON.parse(String(await readAll(repository.blob(layer), LARGE, 'the bundle')));
          const statement = JSON.parse(String(Buffer.from(bundle.dsseEnvelope.payload, 'base64')));
          return statement.predicate;
        }),
      );
    },
  };
}

function about(digest: Digest, result: DueVerdict['result']): DueVerdict {
  const artifact = { kind: 'image' as const, repository: 'registry/shop', env: {} };
  return { release: { name: '1.1.0', digest, artifact }, result };
}

function endedAt(at: number, digest: Digest): Rollout {
  const verdict = { kind: 'promoted' as const, reasons: [] };
  return rollout({
    plan: plan({ notary: { kind: 'local', directory: '', name: 'engine' } }),
    candidate: about(digest, 'PASSED').release,
    phase: { kind: 'ended', at, verdict, settlesAt: at, settled: false },
  });
}

describe('the notary that signs', () => {
  it('finds nothing before it has attached a verdict, and then exactly that one', async (t) => {
    const { images, find, attest, predicates } = await office(t);
    const ended = endedAt(START, images.first);
    const due = about(images.first, 'PASSED');
    assert.equal(await find(ended, due), null);
    await attest(ended, due);
    const found = await find(ended, due);
    assert.equal(found?.result, 'PASSED');
    const [predicate] = await predicates(images.first);
    assert.equal(predicate.verificationResult, 'PASSED');
    assert.equal(await find(ended, about(images.first, 'FAILED')), null);
  });

  it('goes on with a key that is slower than a turn, and signs once', async (t) => {
    const key = Promise.withResolvers<void>();
    const { images, find, attest, predicates } = await office(t, key.promise);
    const [ended, due] = [endedAt(START, images.first), about(images.first, 'PASSED')];
    for (let turn = 0; turn < 2; turn += 1) {
      await assert.rejects(attest(ended, due, AbortSignal.abort()), /still being signed/);
      assert.equal(await find(ended, due), null);
    }
    const last = attest(ended, due);
    key.resolve();
    await last;
    assert.equal((await find(ended, due))?.result, 'PASSED');
    assert.equal((await predicates(images.first)).length, 1);
  });

  it('dates a verdict by the end of the rollout, however late it is signed', async (t) => {
    const { images, attest, predicates } = await office(t);
    await attest(endedAt(START, images.first), about(images.first, 'PASSED'));
    const [predicate] = await predicates(images.first);
    assert.equal(predicate.timeVerified, new Date(START).toISOString());
  });

  it('does not take a verdict about one image for one about another', async (t) => {
    const { images, find, attest } = await office(t);
    const ended = endedAt(START, images.first);
    await attest(ended, about(images.first, 'FAILED'));
    assert.equal(await find(ended, about(images.second, 'FAILED')), null);
    await attest(ended, about(images.second, 'FAILED'));
    assert.notEqual(await find(ended, about(images.second, 'FAILED')), null);
  });

  it('does not sign before the end', async (t) => {
    const { images, attest, predicates } = await office(t);
    const underWay = rollout({ plan: plan({ notary: {} }) });
    await assert.rejects(attest(underWay, about(images.first, 'PASSED')), /has not ended/);
    assert.deepEqual(await predicates(images.first), []);
  });
});
