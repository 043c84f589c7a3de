import assert from 'node:assert/strict';
import type { Admission } from '../../core/permission/admission.ts';
import type { DueVerdict } from '../../core/attestation.ts';
import { sayReason } from '../../core/reason.ts';
import { sameRelease } from '../../core/release.ts';
import type { Rollout, TargetState } from '../../core/rollout.ts';
import type { Instant } from '../../core/time.ts';
import { ENGINE_VERIFIER, OVERRIDES, READ_BACK_LEVEL, ROLLOUT } from '../policy/own-identity.ts';

export interface VerdictFacts {
  readonly rollout: Rollout;
  readonly due: DueVerdict;
  /** Hash of the last record of the rollout's journal: it stands for all of them. */
  readonly journalHead: string;
  readonly toolVersion: string;
}

/**
 * What came of a rollout, as a SLSA verification summary 1: PASSED for an image that was promoted, FAILED for one that was
 * taken back. It names the evidence by which the image was let in, what was read back from each target by its digest, and
 * the head of the journal that tells the rest. It is dated by the end of the rollout: one that is signed late must not seem newer than the verdict of a later end.
 */
export function rolloutVerdict({ rollout, due, journalHead, toolVersion }: VerdictFacts) {
  const { service, environment, sequence, plan, phase, targets, approvals } = rollout;
  const { release, result } = due;
  // What a return replaces was not let in by the evidence about the image that it returns to.
  const admission = sameRelease(release, rollout.candidate) ? rollout.admission : null;
  const place = new URLSearchParams({ env: environment, service });
  const reasons = phase.kind === 'ended' ? phase.verdict.reasons.map(sayReason) : [];
  const overruled = overrulings(rollout);
  return {
    verifier: { id: ENGINE_VERIFIER, version: { 'canary-rollout': toolVersion } },
    timeVerified: new Date(endOf(rollout)).toISOString(),
    resourceUri: `oci://${release.artifact.repository}@${release.digest}?${place.toString()}`,
    policy: policyOf(admission),
    ...inputsOf(admission, release.artifact.repository),
    verificationResult: result,
    verifiedLevels: result === 'PASSED' ? levelsOf(rollout) : [],
    slsaVersion: '1.2',
    ...(overruled.length === 0 ? {} : { [OVERRIDES]: overruled }),
    [ROLLOUT]: {
      id: rollout.id,
      sequence,
      purpose: plan.purpose,
      release: release.name,
      requestedBy: rollout.requestedBy,
      approvedBy: approvals.map(({ by }) => by),
      targets: Object.entries(targets ?? {}).map(([name, state]) => ({
        name,
        previousDigest: state.home?.digest ?? null,
        // What a return replaces is not what was read back.
        ...(sameRelease(release, rollout.candidate) ? readBackOf(state) : {}),
      })),
      steps: plan.steps,
      reasons,
      journalHead: { sha256: journalHead },
    },
  };
}

function readBackOf({ ran }: TargetState) {
  if (ran === undefined) return {};
  if (ran === null) return { runningDigest: null };
  return { runningDigest: ran.digest, readAt: new Date(ran.at).toISOString() };
}

function levelsOf({ environment, candidate, targets }: Rollout): readonly string[] {
  const all = Object.values(targets ?? {});
  const isReadBack = all.length > 0 && all.every(({ ran }) => ran?.digest === candidate.digest);
  return [`ROLLOUT_COMPLETED_${levelName(environment)}`, ...(isReadBack ? [READ_BACK_LEVEL] : [])];
}

function endOf({ id, phase }: Rollout): Instant {
  assert(phase.kind === 'ended', `${id} has not ended, so there is no verdict`);
  return phase.at;
}

function policyOf(admission: Admission | null) {
  const uri = 'https://canary-rollout.dev/policy/v1';
  if (admission === null) return { uri };
  return { uri, digest: { sha256: admission.policy.slice('sha256:'.length) } };
}

/** All evidence that was used, or none is listed: the specification asks for that. */
function inputsOf(admission: Admission | null, repository: string) {
  if (admission === null) return {};
  return {
    inputAttestations: admission.evidence.map(({ referrer, bundle }) => ({
      uri: `oci://${repository}@${referrer}`,
      digest: { sha256: bundle.slice('sha256:'.length) },
    })),
  };
}

function overrulings({ overrides }: Rollout): readonly string[] {
  return overrides.flatMap(({ gate, by, note, allowed }) =>
    allowed === null
      ? []
      : [`${gate}, by ${by} and ${allowed.by}, until ${new Date(allowed.until).toISOString()}: ${note}`],
  );
}

function levelName(environment: string): string {
  return environment.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');
}
