import type { Clock } from '../clock/clock.ts';
import type { Refusal } from '../core/admission.ts';
import type { GateAnswer } from '../core/observation.ts';
import type { ImageArtifact } from '../core/release.ts';
import type { Rollout } from '../core/rollout.ts';
import type { Instant } from '../core/time.ts';
import type { Block } from '../stores/store.ts';
import {
  assessImage,
  isPassing,
  type OpenRepository,
  type ReadEvidence,
  refusalBy,
} from '../supply-chain/policy/assess-image.ts';
import { type Assessment, refusalsOf } from '../supply-chain/policy/assessment.ts';
import { type Policy, policy as policySchema } from '../supply-chain/policy/policy.ts';
import { refusal } from '../supply-chain/policy/refusal-codes.ts';
import type { Gate } from './gate.ts';

const NAME = 'supply chain';

interface SupplyChainGate {
  readonly openRepository: OpenRepository;
  readonly readEvidence: ReadEvidence;
  readonly clock: Clock;
  /** The digests that were rolled back somewhere: what the engine itself knows, whatever a registry withholds. */
  readonly blocks: (service: string, environment: string) => Promise<readonly Block[]>;
  /** When the newest image was built that was ever promoted there; null if there was none. */
  readonly floor: (service: string, environment: string) => Promise<Instant | null>;
}

/**
 * Open for an image that brings what the policy of the rollout's plan asks for, and for commands where there is no policy.
 * Asked again later, it asks the same anew, and wants the evidence that was used to be still there. It waits only while
 * the registry does not answer or an image has to last somewhere else for longer; all else that goes wrong closes it.
 */
export function supplyChainGate(options: SupplyChainGate): Gate {
  return {
    name: NAME,
    asksAgain: true,
    async ask(rollout, signal) {
      const { candidate, plan } = rollout;
      try {
        if (candidate.artifact.kind === 'image') {
          return await askForImage(rollout, candidate.artifact, options, signal);
        }
        if (plan.policy === null) return { gate: NAME, kind: 'open' };
        return shut([
          refusal(
            'NOT_A_DIGEST',
            `${candidate.name} is a command, and only signed images may be deployed here`,
          ),
        ]);
      } catch (error) {
        return shut([refusalBy(error)]);
      }
    },
  };
}

async function askForImage(
  rollout: Rollout,
  { repository }: ImageArtifact,
  options: SupplyChainGate,
  signal: AbortSignal,
): Promise<GateAnswer> {
  const parsed = policySchema.safeParse(rollout.plan.policy);
  if (!parsed.success) {
    return shut([refusal('GATE_ERROR', 'the rollout has no policy that can be read')]);
  }
  const assessment = await assessImage({
    policy: parsed.data,
    repository,
    digest: rollout.candidate.digest,
    pinned: (rollout.admission?.evidence ?? []).map(({ referrer }) => referrer),
    openRepository: options.openRepository,
    readEvidence: options.readEvidence,
    now: options.clock.now(),
    signal,
  });
  const known = [
    ...(await rolledBackBefore(parsed.data, rollout, options)),
    ...(await olderThanBefore(assessment, rollout, options)),
  ];
  return answer(parsed.data, assessment, known);
}

function answer({ mode }: Policy, assessment: Assessment, known: readonly Refusal[]): GateAnswer {
  const refusals = [...refusalsOf(assessment), ...known];
  if (refusals.length === 0 && assessment.admission !== null) {
    return { gate: NAME, kind: 'open', admission: assessment.admission };
  }
  if (mode === 'warn') return { gate: NAME, kind: 'open', reported: refusals };
  return shut(
    refusals.length > 0 ? refusals : [refusal('GATE_ERROR', 'nothing was asked, so nothing was proved')],
  );
}

/** A verdict may have been deleted where others may write. What was rolled back by this engine, it knows. */
async function rolledBackBefore(
  { rules }: Policy,
  { candidate }: Rollout,
  { blocks }: SupplyChainGate,
): Promise<readonly Refusal[]> {
  const verdicts = rules.filter((rule) => rule.evidence === 'verdict');
  const found = verdicts.map(async ({ service, environment }) => {
    const block = (await blocks(service, environment)).find(({ digest }) => digest === candidate.digest);
    if (block === undefined) return [];
    return [
      refusal(
        'VSA_POLICY',
        `the image was taken back in ${environment} by ${block.rollout}, says the journal`,
      ),
    ];
  });
  return (await Promise.all(found)).flat();
}

/** An old image keeps its signatures. To go back to one takes an order to return. */
async function olderThanBefore(
  { admission }: Assessment,
  { service, environment, plan }: Rollout,
  { floor }: SupplyChainGate,
): Promise<readonly Refusal[]> {
  if (plan.purpose === 'return' || admission === null) return [];
  const newest = await floor(service, environment);
  if (newest === null || (admission.builtAt !== null && admission.builtAt >= newest)) return [];
  const built = admission.builtAt === null ? 'at a time that nothing says' : day(admission.builtAt);
  return [
    refusal(
      'ROLLBACK',
      `the image was built ${built}, and one of ${day(newest)} has been promoted here already`,
    ),
  ];
}

function day(instant: Instant): string {
  return new Date(instant).toISOString();
}

function shut(refusals: readonly Refusal[]): GateAnswer {
  const detail = refusals.map((each) => `${each.code}: ${each.detail}`).join('; ');
  if (isPassing(refusals)) return { gate: NAME, kind: 'waiting', detail: `${detail}; it is asked again` };
  return { gate: NAME, kind: 'closed', detail, refusals };
}
