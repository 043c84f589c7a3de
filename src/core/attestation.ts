import { type ImageArtifact, type Release, sameRelease } from './release.ts';
import type { Rollout } from './rollout.ts';
import type { Instant } from './time.ts';

/** What is said of an image at the end of a rollout, signed and attached to it. */
export interface DueVerdict {
  readonly release: Release & { readonly artifact: ImageArtifact };
  readonly result: 'PASSED' | 'FAILED';
}

/** A verdict that was attached to an image. Digests say exactly which one. */
export interface Attested {
  readonly result: DueVerdict['result'];
  readonly referrer: string;
  readonly bundle: string;
}

/** What a rollout remembers of its verdict. */
export interface Attestation {
  readonly attested: Attested | null;
  /** Since when it could not be attached, and why; null when nothing is in the way. */
  readonly trouble: { readonly since: Instant; readonly detail: string } | null;
}

/**
 * The verdict that the rollout's end calls for; null for commands, and where nothing can be said of the image: it was not
 * let in, was there before, or was taken back for a reason that does not speak against it. A return says of the image that
 * it replaces that it failed.
 */
export function verdictOf({ phase, plan, candidate, targets }: Rollout): DueVerdict | null {
  if (phase.kind !== 'ended') return null;
  const { kind, reasons } = phase.verdict;
  if (plan.purpose === 'return' && kind === 'promoted') {
    const homes = Object.values(targets ?? {}).flatMap(({ home }) => home ?? []);
    const replaced = homes.find((home) => !sameRelease(home, candidate));
    return replaced === undefined ? null : aboutImage(replaced, 'FAILED');
  }
  if (kind === 'rolled back') return aboutImage(candidate, 'FAILED');
  const wasThere = reasons.some(({ code }) => code === 'already-stable');
  return kind === 'promoted' && !wasThere ? aboutImage(candidate, 'PASSED') : null;
}

function aboutImage(release: Release, result: DueVerdict['result']): DueVerdict | null {
  const { artifact } = release;
  return artifact.kind === 'image' ? { release: { ...release, artifact }, result } : null;
}

/** The verdict that is still to be attached; null when there is nothing to do. */
export function dueVerdict(rollout: Rollout): DueVerdict | null {
  const verdict = verdictOf(rollout);
  return verdict === null || rollout.attestation.attested?.result === verdict.result ? null : verdict;
}
