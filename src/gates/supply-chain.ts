import type { Refusal } from '../core/permission/admission.ts';
import type { GateAnswer } from '../core/observation.ts';
import type { ImageArtifact } from '../core/release.ts';
import type { Rollout } from '../core/rollout.ts';
import { isPassing } from '../supply-chain/policy/assess-image.ts';
import { policy as policySchema } from '../supply-chain/policy/policy.ts';
import { refusal } from '../supply-chain/policy/refusal-codes.ts';
import type { Gate } from './gate.ts';
import { type Bench, judgeCandidate } from './judge-candidate.ts';

const NAME = 'supply chain';

/**
 * Open for an image that brings what the policy of the rollout's plan asks for, and for commands where there is no policy.
 * Asked again later, it asks the same anew, and wants the evidence that was used to be still there. It waits only while
 * the registry does not answer or an image has to last somewhere else for longer; all else that goes wrong closes it.
 */
export function supplyChainGate(bench: Bench): Gate {
  return {
    name: NAME,
    asksAgain: true,
    async ask(rollout, signal) {
      const { candidate, plan } = rollout;
      if (candidate.artifact.kind === 'image') return askFor(rollout, candidate.artifact, bench, signal);
      if (plan.policy === null) return { gate: NAME, kind: 'open' };
      return shut([
        refusal(
          'NOT_A_DIGEST',
          `${candidate.name} is a command, and only signed images may be deployed here`,
        ),
      ]);
    },
  };
}

async function askFor(
  { plan, service, environment, candidate, admission }: Rollout,
  { repository }: ImageArtifact,
  bench: Bench,
  signal: AbortSignal,
): Promise<GateAnswer> {
  const parsed = policySchema.safeParse(plan.policy);
  if (!parsed.success) return shut([refusal('GATE_ERROR', 'the rollout has no policy that can be read')]);
  const policy = parsed.data;
  const { purpose } = plan;
  const pinned = (admission?.evidence ?? []).map(({ referrer }) => referrer);
  const { assessment, refusals } = await judgeCandidate(
    { policy, service, environment, purpose, repository, digest: candidate.digest, pinned },
    bench,
    signal,
  );
  if (assessment === null) return shut(refusals);
  if (refusals.length === 0 && assessment.admission !== null) {
    return { gate: NAME, kind: 'open', admission: assessment.admission };
  }
  return policy.mode === 'warn' ? { gate: NAME, kind: 'open', reported: refusals } : shut(refusals);
}

function shut(refusals: readonly Refusal[]): GateAnswer {
  const detail = refusals.map((each) => `${each.code}: ${each.detail}`).join('; ');
  if (isPassing(refusals)) return { gate: NAME, kind: 'waiting', detail: `${detail}; it is asked again` };
  return { gate: NAME, kind: 'closed', detail, refusals };
}
