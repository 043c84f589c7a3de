import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { imageRelease, plan, release, rollout, START } from '../../../test/builders.ts';
import type { DueVerdict } from '../../core/attestation.ts';
import type { Rollout, TargetState } from '../../core/rollout.ts';
import { digestOf, parseDigest } from '../oci/digest.ts';
import { ENGINE_VERIFIER, OVERRIDES, READ_BACK_LEVEL, ROLLOUT } from '../policy/own-identity.ts';
import type { Ingredients } from '../image/build/build-image.ts';
import type { Claim, ProvenanceClaim } from '../policy/claim.ts';
import { readClaim } from '../policy/read-claim.ts';
import { resourceFaults } from '../policy/resource.ts';
import type { VerifiedStatement } from '../verification/evidence.ts';
import { localProvenance } from './local-provenance.ts';
import { PREDICATE_TYPES } from './predicate-types.ts';
import { rolloutVerdict } from './rollout-verdict.ts';
import { statementAbout } from './statement.ts';

const SHOP = imageRelease('1.1.0');
const HOUR = 3_600_000;
const [referrer, bundle, policy] = [digestOf('referrer'), digestOf('bundle'), digestOf('policy')];

const ENDED: Rollout['phase'] = {
  kind: 'ended',
  at: START + HOUR,
  verdict: { kind: 'promoted', reasons: [] },
  settlesAt: START + 2 * HOUR,
  settled: false,
};

function verdict(changes: Partial<Rollout> = {}, result: DueVerdict['result'] = 'PASSED') {
  assert.ok(SHOP.artifact.kind === 'image');
  const admission = {
    policy,
    evidence: [{ kind: 'scan', referrer, bundle, signer: 'security', at: START, says: 'nothing found' }],
    builtAt: START,
  } as const;
  return rolloutVerdict({
    rollout: rollout({ candidate: SHOP, admission, phase: ENDED, ...changes }),
    due: { release: { ...SHOP, artifact: SHOP.artifact }, result },
    journalHead: 'ab'.repeat(32),
    toolVersion: '1.2.3',
  });
}

/** What a policy reads from it, once it was written down, signed and verified. */
function readBack(predicateType: string, predicate: unknown): Claim {
  const about = { repository: 'registry/shop', digest: parseDigest(SHOP.digest) };
  const verified: VerifiedStatement = {
    referrer,
    bundle,
    signers: ['engine-prod'],
    identity: 'key',
    signedAt: null,
    statement: JSON.parse(JSON.stringify(statementAbout(about, predicateType, predicate))),
  };
  const [piece] = readClaim(verified);
  assert.ok(piece !== undefined && 'claim' in piece, JSON.stringify(piece));
  return piece.claim;
}

describe('the verdict of a rollout', () => {
  it('says which image passed where, by which policy, and policies can read that', () => {
    const claim = readBack(PREDICATE_TYPES.verdict, verdict());
    assert.ok(claim.kind === 'verdict');
    assert.equal(claim.result, 'PASSED');
    assert.equal(claim.verifier, ENGINE_VERIFIER);
    assert.equal(claim.verifiedAt, START + HOUR);
    assert.equal(claim.policy, policy);
    assert.deepEqual(claim.levels, ['ROLLOUT_COMPLETED_PROD']);
    const wanted = { service: 'shop', environment: 'prod', digest: parseDigest(SHOP.digest) };
    const repositories = ['registry/shop'];
    assert.deepEqual(resourceFaults(claim.resourceUri, { ...wanted, repositories }), []);
    const elsewhere = { ...wanted, repositories, environment: 'dev' };
    assert.equal(resourceFaults(claim.resourceUri, elsewhere).length, 1);
  });

  it('gives no levels to an image that failed', () => {
    const claim = readBack(PREDICATE_TYPES.verdict, verdict({}, 'FAILED'));
    assert.ok(claim.kind === 'verdict');
    assert.deepEqual([claim.result, claim.levels], ['FAILED', []]);
  });

  it('lists all evidence by which the image was let in, each by its bundle, or none', () => {
    assert.deepEqual(verdict().inputAttestations, [
      {
        uri: `oci://registry/shop@${referrer}`,
        digest: { sha256: bundle.slice('sha256:'.length) },
      },
    ]);
    const unasked = verdict({ admission: null });
    assert.equal('inputAttestations' in unasked, false);
    assert.equal('digest' in unasked.policy, false);
  });

  it('lists no evidence about the image that a return goes back to, when it is about the one that it replaces', () => {
    const said = verdict({ candidate: imageRelease('1.0.0') }, 'FAILED');
    assert.equal('inputAttestations' in said, false);
    assert.equal('digest' in said.policy, false);
    const claim = readBack(PREDICATE_TYPES.verdict, said);
    assert.equal(claim.kind === 'verdict' && claim.result, 'FAILED');
  });

  it('tells what people overruled, once a second person had allowed it', () => {
    const allowed = { by: 'bob', at: START, until: START + HOUR };
    const override = { gate: 'supply chain', by: 'ann', note: 'scanner is down', allowed } as const;
    const said = [`supply chain, by ann and bob, until 2026-01-05T13:00:00.000Z: scanner is down`];
    assert.deepEqual(verdict({ overrides: [override] })[OVERRIDES], said);
    const claim = readBack(PREDICATE_TYPES.verdict, verdict({ overrides: [override] }));
    assert.deepEqual(claim.kind === 'verdict' && claim.overrides, said);
    assert.equal(OVERRIDES in verdict({ overrides: [{ ...override, allowed: null }] }), false);
  });

  it('says what was read back from each target, and has a level for that when it is the image', () => {
    const state = {
      home: null,
      homeTrouble: null,
      steadySince: null,
      outage: null,
      refusal: null,
      guardFiredAt: null,
    };
    const right = { digest: SHOP.digest, at: START };
    const said = (targets: Readonly<Record<string, TargetState>>) => {
      const made = verdict({ targets });
      const claim = readBack(PREDICATE_TYPES.verdict, made);
      assert.ok(claim.kind === 'verdict');
      return { ...claim, targets: made[ROLLOUT].targets };
    };
    const both = said({ web: { ...state, ran: right }, api: { ...state, ran: right } });
    assert.deepEqual(both.targets[0], {
      name: 'web',
      previousDigest: null,
      runningDigest: SHOP.digest,
      readAt: '2026-01-05T12:00:00.000Z',
    });
    assert.deepEqual(both.ran, [
      { target: 'web', digest: SHOP.digest },
      { target: 'api', digest: SHOP.digest },
    ]);
    assert.deepEqual(both.levels, ['ROLLOUT_COMPLETED_PROD', READ_BACK_LEVEL]);
    const one = said({ web: { ...state, ran: right }, api: { ...state, ran: null } });
    assert.deepEqual(one.ran?.[1], { target: 'api', digest: null });
    assert.deepEqual(one.levels, ['ROLLOUT_COMPLETED_PROD']);
    assert.equal(said({ web: state }).ran, null, 'nobody remembers');
  });

  it('does not say that what a return replaces ran, when the other one did', () => {
    const candidate = imageRelease('1.0.0');
    const state = {
      home: SHOP,
      homeTrouble: null,
      steadySince: null,
      outage: null,
      refusal: null,
      guardFiredAt: null,
    };
    const targets = { web: { ...state, ran: { digest: candidate.digest, at: START } } };
    assert.deepEqual(verdict({ candidate, targets }, 'FAILED')[ROLLOUT].targets, [
      { name: 'web', previousDigest: SHOP.digest },
    ]);
  });

  it('ties itself to the journal, and says what was there before', () => {
    const target = {
      home: release('1.0.0'),
      steadySince: null,
      outage: null,
      refusal: null,
      guardFiredAt: null,
      homeTrouble: null,
    };
    const said = verdict({ targets: { web: target }, sequence: 7 });
    const rolled = said[ROLLOUT];
    assert.deepEqual(rolled.journalHead, { sha256: 'ab'.repeat(32) });
    assert.equal(rolled.sequence, 7);
    assert.deepEqual(rolled.targets, [{ name: 'web', previousDigest: release('1.0.0').digest }]);
    assert.deepEqual(rolled.steps, plan().steps);
  });
});

describe('the provenance of an image that was built here', () => {
  const made = {
    toolVersion: '1.2.3',
    startedAt: START,
    finishedAt: START + 1_000,
    parameters: { epoch: 0 },
  };
  const base = { name: 'registry/node', digest: digestOf('node') };
  const source = {
    commit: '1234567890'.repeat(4),
    ref: 'refs/heads/main',
    repository: 'https://example.com/acme/shop',
    changed: [],
    generated: [],
  };
  const lock = { name: 'package-lock.json', digest: digestOf('lock') };

  function claimOf(ingredients: Ingredients): ProvenanceClaim {
    const claim = readBack(PREDICATE_TYPES.provenance, localProvenance({ ...made, base: null, ingredients }));
    assert.ok(claim.kind === 'provenance');
    return claim;
  }

  it('says so, with nothing that anybody asked for from outside', () => {
    const claim = claimOf({ source: null, lock: null });
    assert.deepEqual(claim.externalParameters, {});
    assert.equal(claim.builtAt, START + 1_000);
    assert.deepEqual([claim.sources, claim.changedFiles], [[], null]);
  });

  it('lists what went in by its digest', () => {
    const { buildDefinition } = localProvenance({ ...made, base, ingredients: { source, lock } });
    assert.deepEqual(buildDefinition.resolvedDependencies, [
      {
        name: 'source',
        uri: 'git+https://example.com/acme/shop@refs/heads/main',
        digest: { gitCommit: source.commit },
      },
      { name: 'package-lock.json', digest: { sha256: lock.digest.slice('sha256:'.length) } },
      {
        name: 'registry/node',
        uri: 'oci://registry/node',
        digest: { sha256: base.digest.slice('sha256:'.length) },
      },
    ]);
    const alone = localProvenance({ ...made, base: null, ingredients: { source: null, lock: null } });
    assert.deepEqual(alone.buildDefinition.resolvedDependencies, []);
    assert.equal('git' in alone.buildDefinition.internalParameters, false);
  });

  it('can be read for the commit, its branch and its repository, as far as they are known', () => {
    const { commit, ref, repository } = source;
    assert.deepEqual(claimOf({ source, lock }).sources, [{ commit, ref, repository }]);
    const detached = { ...source, ref: null, repository: 'ssh://git@example.com/acme/shop' };
    assert.deepEqual(claimOf({ source: detached, lock }).sources, [
      { commit, ref: null, repository: 'ssh://git@example.com/acme/shop' },
    ]);
    assert.deepEqual(claimOf({ source: { ...source, repository: null }, lock }).sources, [
      { commit, ref: null, repository: null },
    ]);
  });

  it('does not say of changed files that they are those of a commit', () => {
    const dirty = { ...source, changed: ['src/main.js', 'src/new.js'] };
    const { buildDefinition } = localProvenance({
      ...made,
      base: null,
      ingredients: { source: dirty, lock: null },
    });
    assert.deepEqual(buildDefinition.resolvedDependencies, []);
    assert.deepEqual('git' in buildDefinition.internalParameters && buildDefinition.internalParameters.git, {
      state: 'dirty',
      commit: source.commit,
      ref: 'refs/heads/main',
      repository: source.repository,
      changedFiles: 2,
      generatedFiles: 0,
    });
    const claim = claimOf({ source: dirty, lock: null });
    assert.deepEqual([claim.sources, claim.changedFiles], [[], 2]);
  });
});
