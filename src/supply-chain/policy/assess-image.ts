import type { Refusal } from '../../core/permission/admission.ts';
import type { Instant } from '../../core/time.ts';
import { SupplyChainError } from '../error.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { parseImageConfig } from '../oci/image-config.ts';
import { parseManifest } from '../oci/manifest.ts';
import { readAll } from '../oci/read-all.ts';
import { type ImageRepository, LARGEST_MANIFEST } from '../oci/repository.ts';
import type { AttachedEvidence } from '../verification/evidence.ts';
import type { TrustedSigner } from '../verification/trust.ts';
import { assess } from './assess.ts';
import type { Assessment } from './assessment.ts';
import { withPinned } from './pinned.ts';
import { sayNames } from './piece.ts';
import type { Policy } from './policy.ts';
import { refusal } from './refusal-codes.ts';

/** Finds the repository of that name. */
export type OpenRepository = (name: string) => Promise<ImageRepository>;

/** Reads and verifies everything that is attached to an image. */
export type ReadEvidence = (
  repository: ImageRepository,
  image: Digest,
  signers: readonly TrustedSigner[],
  options: { readonly now: Instant; readonly signal: AbortSignal },
) => Promise<AttachedEvidence>;

export interface AssessmentRequest {
  readonly policy: Policy;
  /** Registry and repository, and the digest of the manifest, as somebody wrote them. */
  readonly repository: string;
  readonly digest: string;
  /** Digests of the manifests of evidence that was used before, and must still be there. */
  readonly pinned: readonly string[];
  readonly openRepository: OpenRepository;
  readonly readEvidence: ReadEvidence;
  readonly now: Instant;
  readonly signal: AbortSignal;
}

/**
 * Reads the image and everything that is attached to it, and judges it. Nothing is asked of repositories that the policy
 * does not know. Rejects with `SupplyChainError`.
 */
export async function assessImage(request: AssessmentRequest): Promise<Assessment> {
  const { policy, repository, digest, signal, now } = request;
  if (!isDigest(digest)) {
    throw new SupplyChainError(
      'NOT_A_DIGEST',
      `"${digest.slice(0, 100)}" is not a digest: it must be "sha256:" and 64 lower-case hex digits`,
    );
  }
  if (!policy.repositories.includes(repository)) {
    throw new SupplyChainError(
      'REPOSITORY_NOT_ALLOWED',
      `images may come from ${sayNames(policy.repositories)}, not from ${repository.slice(0, 200)}`,
    );
  }
  const opened = withPinned(await request.openRepository(repository), request.pinned);
  const platform = await readPlatform(opened, digest, signal);
  const evidence = await request.readEvidence(opened, digest, policy.signers, { now, signal });
  return assess(policy, { repository, digest, platform }, evidence, now);
}

/** What the image's own configuration says. Its manifest is checked on the way. */
async function readPlatform(
  repository: ImageRepository,
  digest: Digest,
  signal: AbortSignal,
): Promise<string> {
  const { config } = parseManifest(await repository.manifest(digest, signal));
  const bytes = await readAll(repository.blob(config, signal), LARGEST_MANIFEST, config.digest);
  const { os, architecture } = parseImageConfig(bytes);
  return `${os}/${architecture}`;
}

/** What went wrong, as a reason for which nobody is let in. */
export function refusalBy(error: unknown): Refusal {
  if (error instanceof SupplyChainError) return refusal(error.code, withoutStop(error.message));
  const message = error instanceof Error ? error.message : String(error);
  const isGivenUp = error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
  if (isGivenUp) return refusal('REGISTRY_UNAVAILABLE', 'the registry did not answer in time');
  return refusal('GATE_ERROR', `the image could not be judged: ${withoutStop(message)}`);
}

function withoutStop(text: string): string {
  return text.replace(/\.$/, '');
}

const PASSING: readonly string[] = ['SOAKING', 'REGISTRY_UNAVAILABLE'];

/** Whether it is only a matter of time: nothing speaks against the image itself. */
export function isPassing(refusals: readonly Refusal[]): boolean {
  return refusals.length > 0 && refusals.every(({ code }) => PASSING.includes(code));
}
