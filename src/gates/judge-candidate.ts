import type { Clock } from '../clock/clock.ts';
import type { Refusal } from '../core/permission/admission.ts';
import type { Purpose } from '../core/plan.ts';
import type { Instant } from '../core/time.ts';
import type { Block } from '../stores/store.ts';
import {
  assessImage,
  type OpenRepository,
  type ReadEvidence,
  refusalBy,
} from '../supply-chain/policy/assess-image.ts';
import { type Assessment, refusalsOf } from '../supply-chain/policy/assessment.ts';
import type { Policy } from '../supply-chain/policy/policy.ts';
import { refusal } from '../supply-chain/policy/refusal-codes.ts';

/** An image that wants to be let in somewhere. */
export interface Candidate {
  readonly policy: Policy;
  readonly service: string;
  readonly environment: string;
  readonly purpose: Purpose;
  /** Registry and repository. */
  readonly repository: string;
  readonly digest: string;
  /** Digests of the manifests of evidence that was used before. */
  readonly pinned: readonly string[];
}

/** What images are judged with. */
export interface Bench {
  readonly openRepository: OpenRepository;
  readonly readEvidence: ReadEvidence;
  readonly clock: Clock;
  /** The digests that were rolled back somewhere: what the engine itself knows, whatever a registry withholds. */
  readonly blocks: (service: string, environment: string) => Promise<readonly Block[]>;
  /** When the newest image was built that was ever promoted there; null if there was none. */
  readonly floor: (service: string, environment: string) => Promise<Instant | null>;
}

/** Everything that there is to say about the candidate. */
export interface Judgement {
  /** Null when the image and its evidence could not even be read. */
  readonly assessment: Assessment | null;
  /** Empty only when the image is admitted. */
  readonly refusals: readonly Refusal[];
}

/** Judges the image by its evidence, and by what the engine knows itself. Never rejects: trouble is a refusal. */
export async function judgeCandidate(
  candidate: Candidate,
  bench: Bench,
  signal: AbortSignal,
): Promise<Judgement> {
  try {
    const { openRepository, readEvidence, clock } = bench;
    const request = { ...candidate, openRepository, readEvidence, now: clock.now(), signal };
    const assessment = await assessImage(request);
    const refusals = [
      ...refusalsOf(assessment),
      ...(await rolledBackBefore(candidate, bench)),
      ...(await olderThanBefore(assessment, candidate, bench)),
    ];
    if (refusals.length > 0 || assessment.admission !== null) return { assessment, refusals };
    return {
      assessment,
      refusals: [refusal('GATE_ERROR', 'nothing was asked for, so nothing was proved')],
    };
  } catch (error) {
    return { assessment: null, refusals: [refusalBy(error)] };
  }
}

/** A verdict may have been deleted where others may write. What was rolled back by this engine, here or before, it knows. */
async function rolledBackBefore(
  { policy, digest, ...here }: Candidate,
  { blocks }: Bench,
): Promise<readonly Refusal[]> {
  const before = policy.rules.filter((rule) => rule.evidence === 'verdict');
  const found = [here, ...before].map(async ({ service, environment }) => {
    const block = (await blocks(service, environment)).find((each) => each.digest === digest);
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
  { service, environment, purpose }: Candidate,
  { floor }: Bench,
): Promise<readonly Refusal[]> {
  if (purpose === 'return' || admission === null) return [];
  const newest = await floor(service, environment);
  if (newest === null || (admission.builtAt !== null && admission.builtAt >= newest)) return [];
  const built =
    admission.builtAt === null ? 'at a time that nothing says' : `at ${sayTime(admission.builtAt)}`;
  return [
    refusal(
      'ROLLBACK',
      `the image was built ${built}, and one that was built at ${sayTime(newest)} has been promoted here already`,
    ),
  ];
}

function sayTime(instant: Instant): string {
  return new Date(instant).toISOString();
}
