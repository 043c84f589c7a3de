import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { supplyChainGate } from '../../src/gates/supply-chain.ts';
import type { Bench } from '../../src/gates/judge-candidate.ts';
import type { GateAnswer } from '../../src/core/observation.ts';
import type { Rollout } from '../../src/core/rollout.ts';
import type { Statement } from '../../src/supply-chain/attestations/statement.ts';
import { layoutRepository } from '../../src/supply-chain/layout/layout-repository.ts';
import type { Digest } from '../../src/supply-chain/oci/digest.ts';
import type { ImageRepository } from '../../src/supply-chain/oci/repository.ts';
import { policy as policySchema, type Policy } from '../../src/supply-chain/policy/policy.ts';
import {
  NOW,
  policyOf,
  provenanceOf,
  sbomOf,
  scanOf,
  signatureOf,
  summaryOf,
} from '../../src/supply-chain/policy/testing/statements.ts';
import { storeImage } from '../../src/supply-chain/policy/testing/stored-image.ts';
import { attachBundle } from '../../src/supply-chain/signing/attach-bundle.ts';
import { localKey } from '../../src/supply-chain/signing/local-key.ts';
import { localSigning } from '../../src/supply-chain/signing/local-signer.ts';
import { signStatement, type Signing } from '../../src/supply-chain/signing/sign-statement.ts';
import {
  startLocalSigstore,
  type LocalSigstore,
  type Workflow,
} from '../../src/supply-chain/testing/local-sigstore.ts';
import type { VerifiedStatement } from '../../src/supply-chain/verification/evidence.ts';
import { readEvidence } from '../../src/supply-chain/verification/read-evidence.ts';
import { plan, rollout as anyRollout } from '../builders.ts';
import { manualClock } from './manual-clock.ts';

const REPOSITORY = 'registry/shop';

/** The workflow that builds, as its certificates show it. */
export const WORKFLOW: Workflow = {
  subject: 'https://github.com/acme/shop/.github/workflows/release.yml@refs/heads/main',
  issuer: 'https://token.actions.githubusercontent.com',
  sourceRepository: 'https://github.com/acme/shop',
  sourceRepositoryRef: 'refs/heads/main',
  sourceRepositoryId: '42',
  sourceRepositoryOwnerId: '7',
};

/** A Sigstore instance of ours and one of an attacker, on machines of their own. */
export interface World {
  readonly ours: LocalSigstore;
  readonly theirs: LocalSigstore;
  close(): void;
}

export async function startWorld(): Promise<World> {
  const [ours, theirs] = await Promise.all([startLocalSigstore(), startLocalSigstore()]);
  return {
    ours,
    theirs,
    close() {
      ours.close();
      theirs.close();
    },
  };
}

/** One piece of evidence: what is said, and by whom. */
export interface Signed {
  readonly statement: Statement;
  readonly by: Signing;
}

/** An image in a repository, everybody who signs, and the gate of production in front of it. */
export interface Stage {
  readonly directory: string;
  readonly repository: ImageRepository;
  readonly image: Digest;
  readonly by: Readonly<Record<'build' | 'security' | 'engine' | 'otherEngine' | 'stranger', Signing>>;
  /** Good evidence of each kind, by whoever has to sign it. */
  good(): Readonly<Record<'signature' | 'provenance' | 'sbom' | 'scan' | 'verdict', Signed>>;
  /** Attaches evidence to an image, which is the one on the stage if no other is given. */
  attach(signed: Signed | Buffer, image?: Digest): Promise<Digest>;
  /** Attaches good evidence of every kind but these. */
  attachGood(...except: readonly (keyof ReturnType<Stage['good']>)[]): Promise<void>;
  ask(asked?: Asked): Promise<GateAnswer>;
}

export interface Asked {
  readonly rollout?: Partial<Rollout>;
  readonly policy?: Policy;
  /** How the repository misbehaves. */
  readonly repository?: Partial<ImageRepository>;
  readonly bench?: Partial<Bench>;
}

export async function stage(test: TestContext, { ours }: World): Promise<Stage> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-attacks-'));
  test.after(() => rmSync(directory, { recursive: true, force: true }));
  const repository = layoutRepository(REPOSITORY, path.join(directory, 'images'));
  const image = await storeImage(repository);
  const keys = path.join(directory, 'keys');
  const keyed = (name: string) => localSigning(localKey(keys, name));
  const by = {
    build: ours.workflowSigning(WORKFLOW),
    security: keyed('security'),
    engine: keyed('engine-dev'),
    otherEngine: keyed('engine-test'),
    stranger: keyed('stranger'),
  };
  const policy = policyFor(ours, keys);

  const good: Stage['good'] = () => ({
    signature: { statement: retarget(signatureOf(), image), by: by.build },
    provenance: { statement: retarget(provenanceOf({}), image), by: by.build },
    sbom: { statement: retarget(sbomOf({}), image), by: by.build },
    scan: { statement: retarget(scanOf({}), image), by: by.security },
    verdict: { statement: retarget(summaryOf({ digest: image }), image), by: by.engine },
  });

  const attach: Stage['attach'] = async (signed, to = image) => {
    const bytes = Buffer.isBuffer(signed) ? signed : await signStatement(signed.statement, signed.by);
    const predicateType = Buffer.isBuffer(signed) ? 'unknown' : signed.statement.predicateType;
    return (await attachBundle(repository, to, { bytes, predicateType })).referrer;
  };

  return {
    directory,
    repository,
    image,
    by,
    good,
    attach,
    async attachGood(...except) {
      for (const [kind, signed] of Object.entries(good())) {
        if (!except.some((each) => each === kind)) await attach(signed);
      }
    },
    async ask(asked = {}) {
      const gate = supplyChainGate({
        openRepository: async () => ({ ...repository, ...asked.repository }),
        readEvidence,
        clock: manualClock(NOW),
        blocks: async () => [],
        floor: async () => null,
        ...asked.bench,
      });
      const rollout = anyRollout({
        plan: plan({ policy: asked.policy ?? policy }),
        candidate: {
          name: '1.1.0',
          digest: image,
          artifact: { kind: 'image', repository: REPOSITORY, env: {} },
        },
        ...asked.rollout,
      });
      return gate.ask(rollout, new AbortController().signal);
    },
  };
}

/** The same statement about another image. */
export function retarget({ statement }: VerifiedStatement, image: Digest): Statement {
  return { ...statement, subject: [{ name: REPOSITORY, digest: { sha256: image.slice('sha256:'.length) } }] };
}

/** What production asks for: built and signed by the workflow, scanned by security, promoted in dev by its engine. */
export function policyFor({ trustedRoot }: LocalSigstore, keys: string): Policy {
  const key = (name: string) => ({
    kind: 'key',
    name,
    keys: [{ publicKey: localKey(keys, name).publicKey.export({ type: 'spki', format: 'pem' }) }],
  });
  const usual = policyOf();
  return policySchema.parse({
    ...usual,
    signers: [
      {
        kind: 'keyless',
        name: 'build',
        trustedRoot,
        thresholds: { log: 1, certificateLog: 1, timestamp: 1 },
        identities: [WORKFLOW],
      },
      key('security'),
      key('engine-dev'),
      key('engine-test'),
    ],
  });
}
