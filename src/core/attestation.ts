import type { Observation } from './observation.ts';
import { type ImageArtifact, type Release, sameRelease } from './release.ts';
import type { Rollout } from './rollout.ts';
import type { Instant, Milliseconds } from './time.ts';

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
  /** The last one that was attached, and to which image. A later one takes its place. */
  readonly attested: (Attested & { readonly digest: string }) | null;
  /** Since when one is due that is not attached yet; null when none is. Time when nobody tried does not count. */
  readonly dueSince: Instant | null;
  /** Since when it could not be attached, and why; null when nothing is in the way. */
  readonly trouble: { readonly since: Instant; readonly detail: string } | null;
}

export const NOTHING_ATTESTED: Attestation = { attested: null, dueSince: null, trouble: null };

/**
 * The verdict that the rollout's end calls for; null for commands, where nobody signs, and where nothing can be said of the
 * image: it was not let in, was there before, or was taken back for a reason that does not speak against it. A return says
 * of the image that it replaces that it failed.
 */
function verdictOf({ phase, plan, candidate, targets }: Rollout): DueVerdict | null {
  if (phase.kind !== 'ended' || plan.notary === null) return null;
  const { kind, reasons } = phase.verdict;
  if (plan.purpose === 'return' && kind === 'promoted') {
    const homes = Object.values(targets ?? {}).flatMap(({ home }) => home ?? []);
    const replaced = homes.find((home) => !sameRelease(home, candidate));
    return replaced === undefined ? null : aboutImage(replaced, 'FAILED');
  }
  if (kind === 'rolled back') return aboutImage(candidate, 'FAILED');
  const wasThere = reasons.some(({ code }) => code === 'already-stable');
  return kind === 'promoted' && !wasThere
    ? aboutImage(candidate, ranAnother({ candidate, targets }) ? 'FAILED' : 'PASSED')
    : null;
}

/** Whether something else than the candidate was read back from where it should have run: that is not what was tried. */
function ranAnother({ candidate, targets }: Pick<Rollout, 'candidate' | 'targets'>): boolean {
  return Object.values(targets ?? {}).some(
    ({ ran }) => (ran?.digest ?? candidate.digest) !== candidate.digest,
  );
}

function aboutImage(release: Release, result: DueVerdict['result']): DueVerdict | null {
  const { artifact } = release;
  return artifact.kind === 'image' ? { release: { ...release, artifact }, result } : null;
}

/** The verdict that is still to be attached; null when there is nothing to do. */
export function dueVerdict(rollout: Rollout): DueVerdict | null {
  const verdict = verdictOf(rollout);
  const { attested } = rollout.attestation;
  const isThere = attested?.result === verdict?.result && attested?.digest === verdict?.release.digest;
  return isThere ? null : verdict;
}

/** A verdict that is not found for so long after nobody refused it is worth a word. */
const STRANGE_AFTER: Milliseconds = 30_000;
/** Between two turns that are farther apart nobody tried. */
const LONGEST_PAUSE: Milliseconds = 60_000;

/** Takes into memory whether the verdict that is due was found. One that says something else is not it. */
export function lookForVerdict(rollout: Rollout, { verdict }: Observation, now: Instant): Attestation {
  const { attestation, lastTurnAt } = rollout;
  const due = dueVerdict(rollout);
  if (due === null || verdict === null) return { ...attestation, dueSince: null, trouble: null };
  const { attested } = verdict;
  if (attested?.result === due.result) {
    return { ...NOTHING_ATTESTED, attested: { ...attested, digest: due.release.digest } };
  }
  const idle = Math.max(0, now - lastTurnAt - LONGEST_PAUSE);
  const dueSince = attestation.dueSince === null ? now : attestation.dueSince + idle;
  const isStrange = now - dueSince > STRANGE_AFTER;
  const detail = verdict.trouble ?? (isStrange ? 'nobody refused it, but it is not found either' : null);
  const trouble = detail === null ? null : { since: attestation.trouble?.since ?? now, detail };
  return { attested: attestation.attested, dueSince, trouble };
}

/** Whether a verdict could not be attached for so long that it is not going to be. The journal has it all the same. */
export function isGivenUp({ attestation: { dueSince }, plan }: Rollout, now: Instant): boolean {
  return dueSince !== null && now - dueSince > plan.limits.held;
}
