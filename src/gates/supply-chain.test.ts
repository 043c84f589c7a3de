import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { rollout as anyRollout, plan } from '../../test/builders.ts';
import { manualClock } from '../../test/supply-chain/manual-clock.ts';
import type { GateAnswer } from '../core/observation.ts';
import type { Rollout } from '../core/rollout.ts';
import { layoutRepository } from '../supply-chain/layout/layout-repository.ts';
import type { Digest } from '../supply-chain/oci/digest.ts';
import type { ImageRepository } from '../supply-chain/oci/repository.ts';
import { SupplyChainError, type SupplyChainCode } from '../supply-chain/error.ts';
import type { ReadEvidence } from '../supply-chain/policy/assess-image.ts';
import type { Policy } from '../supply-chain/policy/policy.ts';
import {
  complete,
  HOUR,
  NOW,
  policyOf,
  provenanceOf,
  scanOf,
  sbomOf,
  signatureOf,
  summaryOf,
} from '../supply-chain/policy/testing/statements.ts';
import { attach, storeImage } from '../supply-chain/policy/testing/stored-image.ts';
import type { VerifiedStatement } from '../supply-chain/verification/evidence.ts';
import { supplyChainGate } from './supply-chain.ts';

interface Scene {
  readonly repository: ImageRepository;
  readonly image: Digest;
  /** What the gate says to a rollout of the image. */
  ask(changes?: Asked): Promise<GateAnswer>;
}

interface Asked {
  readonly rollout?: Partial<Rollout>;
  readonly policy?: unknown;
  readonly evidence?: readonly VerifiedStatement[];
  readonly repository?: Partial<ImageRepository>;
  /** The environment in which it was rolled back. */
  readonly blocked?: string;
  readonly floor?: number;
  readonly signal?: AbortSignal;
}

async function scene(t: TestContext): Promise<Scene> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-gate-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const repository = layoutRepository('registry/shop', directory);
  const image = await storeImage(repository);
  const ask: Scene['ask'] = (asked = {}) => {
    const readEvidence: ReadEvidence = async (opened, digest, _, { signal }) => {
      await opened.referrers(digest, signal);
      return { statements: about(image, asked.evidence ?? complete()), rejected: [] };
    };
    const gate = supplyChainGate({
      openRepository: async () => ({ ...repository, ...asked.repository }),
      readEvidence,
      clock: manualClock(NOW),
      blocks: async (_service, environment) =>
        asked.blocked === environment ? [blockOf(image, environment)] : [],
      floor: async () => asked.floor ?? null,
    });
    const judged = 'policy' in asked ? asked.policy : policyOf();
    const rollout = anyRollout({
      plan: plan({ policy: judged }),
      candidate: imageRelease(image),
      ...asked.rollout,
    });
    return gate.ask(rollout, asked.signal ?? new AbortController().signal);
  };
  return { repository, image, ask };
}

function imageRelease(digest: string, repository = 'registry/shop'): Rollout['candidate'] {
  return { name: '1.1.0', digest, artifact: { kind: 'image', repository, env: {} } };
}

function blockOf(digest: string, environment: string) {
  return {
    service: 'shop',
    environment,
    digest,
    release: '1.1.0',
    rollout: `shop-${environment}-3`,
    at: NOW,
    reasons: [],
  };
}

function about(image: Digest, statements: readonly VerifiedStatement[]): readonly VerifiedStatement[] {
  return statements.map((each) => {
    const { predicate, ...rest } = each.statement;
    const text = JSON.stringify(predicate).replaceAll(/sha256:[0-9a-f]{64}(?=\?env)/g, image);
    const subject = [{ digest: { sha256: image.slice(7) } }];
    return { ...each, statement: { ...rest, subject, predicate: JSON.parse(text) } };
  });
}

function codesOf(answer: GateAnswer): readonly string[] {
  assert.equal(answer.kind, 'closed', JSON.stringify(answer));
  return answer.kind === 'closed' ? (answer.refusals ?? []).map(({ code }) => code) : [];
}

function failing(code: SupplyChainCode): Partial<ImageRepository> {
  return {
    manifest: async () => {
      throw new SupplyChainError(code, 'the registry answered 503');
    },
  };
}

describe('the gate of the supply chain', () => {
  it('lets an image in that brings everything, and says by what', async (t) => {
    const answer = await (await scene(t)).ask();
    assert.equal(answer.kind, 'open', JSON.stringify(answer));
    assert.ok(answer.kind === 'open' && answer.admission?.evidence.length === 5);
  });

  it('is open for commands where nothing is asked, and closed where images are', async (t) => {
    const { ask } = await scene(t);
    const rollout = { candidate: anyRollout().candidate };
    assert.equal((await ask({ rollout, policy: null })).kind, 'open');
    assert.deepEqual(codesOf(await ask({ rollout })), ['NOT_A_DIGEST']);
  });

  it('is closed for an image without a policy, or with one that cannot be read', async (t) => {
    const { ask } = await scene(t);
    for (const policy of [null, {}, { ...policyOf(), rules: [] }, 'none']) {
      assert.deepEqual(codesOf(await ask({ policy })), ['GATE_ERROR']);
    }
  });

  it('is closed for what is no digest as we take them', async (t) => {
    const { ask, image } = await scene(t);
    for (const digest of ['1.1.0', image.toUpperCase(), `sha512:${image.slice(7)}`, image.slice(0, -1)]) {
      assert.deepEqual(codesOf(await ask({ rollout: { candidate: imageRelease(digest) } })), [
        'NOT_A_DIGEST',
      ]);
    }
  });

  it('asks nothing of a repository that the policy does not know', async (t) => {
    const { ask, image } = await scene(t);
    const repository = { manifest: () => assert.fail('it was asked') };
    const rollout = { candidate: imageRelease(image, 'registry/shop-evil') };
    assert.deepEqual(codesOf(await ask({ rollout, repository })), ['REPOSITORY_NOT_ALLOWED']);
  });

  it('is closed with every reason at once', async (t) => {
    const { ask } = await scene(t);
    const evidence = [signatureOf(), provenanceOf({ builder: 'x' }), scanOf({ age: 48 * HOUR })];
    assert.deepEqual(codesOf(await ask({ evidence })), [
      'PROVENANCE_POLICY',
      'MISSING_SBOM',
      'SCAN_STALE',
      'MISSING_VSA',
    ]);
  });

  it('(56) waits while the registry does not answer, and is never open for that', async (t) => {
    const { ask } = await scene(t);
    const answer = await ask({ repository: failing('REGISTRY_UNAVAILABLE') });
    assert.equal(answer.kind, 'waiting');
    assert.match(answer.kind === 'waiting' ? answer.detail : '', /answered 503; it is asked again/);
    const repository = { manifest: () => Promise.reject(new DOMException('late', 'TimeoutError')) };
    assert.equal((await ask({ repository })).kind, 'waiting');
    const warn = policyOf({ mode: 'warn' });
    assert.equal((await ask({ repository: failing('REGISTRY_UNAVAILABLE'), policy: warn })).kind, 'waiting');
  });

  it('is closed by any other trouble', async (t) => {
    const { ask } = await scene(t);
    for (const code of ['UNAUTHORIZED', 'NOT_FOUND', 'DIGEST_MISMATCH', 'REDIRECT_REFUSED'] as const) {
      assert.deepEqual(codesOf(await ask({ repository: failing(code) })), [code]);
    }
    const repository = { manifest: () => Promise.reject(new TypeError('a mistake')) };
    assert.deepEqual(codesOf(await ask({ repository })), ['GATE_ERROR']);
  });

  it('is closed for an SBOM that lists nothing', async (t) => {
    const { ask } = await scene(t);
    const empty = sbomOf({});
    const predicate = { bomFormat: 'CycloneDX', specVersion: '1.6', components: [] };
    const evidence = complete().with(2, { ...empty, statement: { ...empty.statement, predicate } });
    assert.deepEqual(codesOf(await ask({ evidence })), ['SBOM_POLICY']);
  });

  it('waits while the image has to last in the environment before', async (t) => {
    const { ask } = await scene(t);
    const policy = soaking();
    assert.equal((await ask({ policy })).kind, 'waiting');
    const evidence = complete().toSpliced(2, 1);
    assert.deepEqual(codesOf(await ask({ policy, evidence })), ['MISSING_SBOM', 'SOAKING']);
  });

  it('(34, 35) is closed for what was taken back in the environment before, whatever verdicts there are', async (t) => {
    const { ask } = await scene(t);
    const answer = await ask({ blocked: 'dev' });
    assert.deepEqual(codesOf(answer), ['VSA_POLICY']);
    assert.match(answer.kind === 'closed' ? answer.detail : '', /taken back in dev by shop-dev-3/);
  });

  it('is closed for an image that was rolled back here, so that nobody is told that it would be let in', async (t) => {
    const { ask } = await scene(t);
    const answer = await ask({ blocked: 'prod' });
    assert.deepEqual(codesOf(answer), ['VSA_POLICY']);
    assert.match(answer.kind === 'closed' ? answer.detail : '', /taken back in prod by shop-prod-3/);
  });

  it('(19) is closed for an image that is older than one before, unless a return is ordered', async (t) => {
    const { ask } = await scene(t);
    assert.deepEqual(codesOf(await ask({ floor: NOW - HOUR })), ['ROLLBACK']);
    assert.equal((await ask({ floor: NOW - 3 * HOUR })).kind, 'open');
    const policy = policyOf();
    const rollout = { plan: plan({ policy, purpose: 'return' as const }) };
    assert.equal((await ask({ floor: NOW - HOUR, rollout })).kind, 'open');
  });

  it('in warn mode lets in what it would refuse, without an admission, and reports it', async (t) => {
    const { ask } = await scene(t);
    const answer = await ask({ policy: policyOf({ mode: 'warn' }), evidence: [signatureOf()] });
    assert.ok(answer.kind === 'open');
    assert.equal(answer.admission, undefined);
    assert.ok((answer.reported ?? []).some(({ code }) => code === 'MISSING_SBOM'));
  });

  it('asked again, counts bad news that have come since', async (t) => {
    const { ask } = await scene(t);
    const first = await ask();
    assert.ok(first.kind === 'open' && first.admission !== undefined);
    const admission = { ...first.admission, evidence: [] };
    const failed = summaryOf({ result: 'FAILED', age: 0 });
    const evidence = [...complete(), failed];
    assert.deepEqual(codesOf(await ask({ rollout: { admission }, evidence })), ['VSA_POLICY']);
    const scan = scanOf({ age: 0, found: [{ id: 'CVE-1', severity: 'critical' }] });
    const worse = [...complete(), scan];
    assert.deepEqual(codesOf(await ask({ rollout: { admission }, evidence: worse })), ['VULNERABLE']);
  });

  it('(41) asked again, is closed when evidence that was used is gone', async (t) => {
    const { ask, repository, image } = await scene(t);
    const referrer = await attach(repository, image, 'evidence');
    const used = (digest: string) => ({
      policy: '',
      builtAt: null,
      evidence: [{ kind: 'sbom' as const, referrer: digest, bundle: '', signer: '', at: null, says: '' }],
    });
    assert.equal((await ask({ rollout: { admission: used(referrer) } })).kind, 'open');
    const gone = used(`sha256:${'0'.repeat(64)}`);
    assert.deepEqual(codesOf(await ask({ rollout: { admission: gone } })), ['NOT_FOUND']);
  });

  it('asked again, finds evidence that the list of the registry has lost', async (t) => {
    const { repository, image, ask } = await scene(t);
    const referrer = await attach(repository, image, 'evidence');
    const evidence = [{ kind: 'sbom' as const, referrer, bundle: '', signer: '', at: null, says: '' }];
    let fetched = 0;
    const forgetful: Partial<ImageRepository> = {
      referrers: async () => [],
      manifest: (digest, signal) => {
        if (digest === referrer) fetched += 1;
        return repository.manifest(digest, signal);
      },
    };
    const rollout = { admission: { policy: '', builtAt: null, evidence } };
    assert.equal((await ask({ rollout, repository: forgetful })).kind, 'open');
    assert.equal(fetched, 1);
  });
});

function soaking(): Policy {
  const { rules, ...rest } = policyOf();
  return {
    ...rest,
    rules: rules.map((rule) => (rule.evidence === 'verdict' ? { ...rule, soak: 2 * HOUR } : rule)),
  };
}
