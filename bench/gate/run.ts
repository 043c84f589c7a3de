import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { plan, rollout as anyRollout } from '../../test/builders.ts';
import { supplyChainGate } from '../../src/gates/supply-chain.ts';
import { systemClock } from '../../src/clock/system-clock.ts';
import { layoutRepository } from '../../src/supply-chain/layout/layout-repository.ts';
import { policy as policySchema } from '../../src/supply-chain/policy/policy.ts';
import {
  policyOf,
  provenanceOf,
  sbomOf,
  scanOf,
  signatureOf,
  summaryOf,
} from '../../src/supply-chain/policy/testing/statements.ts';
import type { Signing } from '../../src/supply-chain/signing/sign-statement.ts';
import { forgeIn, keyHolder } from '../../src/supply-chain/testing/forge.ts';
import { startLocalSigstore } from '../../src/supply-chain/testing/local-sigstore.ts';
import type { TrustedSigner } from '../../src/supply-chain/verification/trust.ts';
import { readEvidence } from '../../src/supply-chain/verification/read-evidence.ts';
import { quantile, report } from '../report.ts';

/**
 * How long the gate takes to decide about an image with five attestations that lie in a directory: read, verified and
 * judged anew each time, with nothing kept between decisions and no network. Once with keys, once with certificates of a
 * Sigstore instance (chain, signed certificate timestamp, log entry with its proof).
 */
const WARM_UP = 20;
const DECISIONS = 300;

const WORKFLOW = {
  subject: 'https://github.com/acme/shop/.github/workflows/release.yml@refs/heads/main',
  issuer: 'https://token.actions.githubusercontent.com',
  sourceRepository: 'https://github.com/acme/shop',
  sourceRepositoryRef: 'refs/heads/main',
  sourceRepositoryId: '42',
  sourceRepositoryOwnerId: '7',
};

const sigstore = await startLocalSigstore();
const keyless = (name: string): TrustedSigner => ({
  kind: 'keyless',
  name,
  trustedRoot: sigstore.trustedRoot,
  thresholds: { log: 1, certificateLog: 1, timestamp: 1 },
  identities: [WORKFLOW],
});
const holder = keyHolder();
const rows = [
  await measure('keys', holder.signing, (name) => holder.trustedAs(name)),
  await measure('certificates', sigstore.workflowSigning(WORKFLOW), keyless),
];
sigstore.close();
report('gate', { decisions: DECISIONS, attestations: 5, rows });

async function measure(by: string, signing: Signing, trust: (name: string) => TrustedSigner) {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-bench-gate-'));
  try {
    const repository = layoutRepository('registry/shop', directory);
    const forge = forgeIn(repository);
    const image = await forge.image();
    const verdict = summaryOf({ digest: image });
    for (const { statement } of [signatureOf(), provenanceOf({}), sbomOf({}), scanOf({}), verdict]) {
      await forge.attest(image, statement, signing);
    }
    const policy = policySchema.parse({
      ...policyOf(),
      signers: ['build', 'security', 'engine-dev'].map(trust),
    });
    const gate = supplyChainGate({
      openRepository: async () => repository,
      readEvidence,
      clock: systemClock(),
      blocks: async () => [],
      floor: async () => null,
    });
    const artifact = { kind: 'image' as const, repository: 'registry/shop', env: {} };
    const rollout = anyRollout({
      plan: plan({ policy }),
      candidate: { name: '1.1.0', digest: image, artifact },
    });
    const took: number[] = [];
    for (let decision = 0; decision < WARM_UP + DECISIONS; decision += 1) {
      const began = performance.now();
      const answer = await gate.ask(rollout, new AbortController().signal);
      took.push(performance.now() - began);
      if (answer.kind !== 'open') throw new Error(`the gate is not open: ${JSON.stringify(answer)}`);
    }
    const measured = took.slice(WARM_UP);
    const row = {
      by,
      firstMilliseconds: round(took[0] ?? NaN),
      p50Milliseconds: round(quantile(measured, 0.5)),
      p95Milliseconds: round(quantile(measured, 0.95)),
      p99Milliseconds: round(quantile(measured, 0.99)),
    };
    console.log(row);
    return row;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function round(milliseconds: number): number {
  return Math.round(10 * milliseconds) / 10;
}
