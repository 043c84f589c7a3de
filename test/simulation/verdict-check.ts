import type { DueVerdict } from '../../src/core/attestation.ts';
import type { JournalEntry } from '../../src/core/journal.ts';
import { sameRelease } from '../../src/core/release.ts';
import type { Rollout } from '../../src/core/rollout.ts';
import type { Instant } from '../../src/core/time.ts';
import type { Store } from '../../src/stores/store.ts';
import type { AttachedVerdict } from './simulated-notary.ts';

type Report = (invariant: string, detail: string) => void;

/** What an end of a rollout means for an image. */
interface Meaning {
  readonly rollout: string;
  readonly environment: string;
  readonly digest: string;
  readonly result: DueVerdict['result'];
  readonly at: Instant;
  /** Whether the rollout was left at that; a promotion may have been taken back. */
  readonly isFinal: boolean;
}

/**
 * What must hold of the verdicts about images when everything has come to rest, by what the journals say:
 * - every end is attested;
 * - the newest verdict is right: it says how the last rollout ended that was about the image;
 * - no verdict without an end: each is dated by an end that the journal knows.
 */
export async function checkVerdicts(
  store: Store,
  verdicts: readonly AttachedVerdict[],
  report: Report,
): Promise<void> {
  const meanings: Meaning[] = [];
  for (const rollout of await store.list({})) {
    const ends = (await store.journal(rollout.id)).flatMap(({ entry }) =>
      entry.kind === 'ended' ? [entry] : [],
    );
    meanings.push(...ends.flatMap((end, index) => meaningOf(rollout, end, index === ends.length - 1)));
  }
  for (const verdict of verdicts) {
    const isKnown = meanings.some((meaning) => isAbout(verdict, meaning) && meaning.at === verdict.at);
    if (!isKnown) report('no verdict without an end', `${verdict.rollout}: ${verdict.result}`);
  }
  for (const meaning of meanings.filter(({ isFinal }) => isFinal)) {
    const { rollout, result } = meaning;
    if (!verdicts.some((verdict) => isAbout(verdict, meaning))) {
      report('every end is attested', `${rollout} ended as ${result}, and nothing says so`);
    }
    checkNewest(meaning, meanings, verdicts, report);
  }
}

/** What was taken back later may have been attested before that, or not. */
function checkNewest(
  meaning: Meaning,
  meanings: readonly Meaning[],
  verdicts: readonly AttachedVerdict[],
  report: Report,
): void {
  const { digest, environment, at, result } = meaning;
  const later = meanings.filter((each) => each.digest === digest && each.at > at);
  if (later.some(({ isFinal }) => isFinal)) return;
  const about = verdicts.filter((each) => each.environment === environment && each.digest === digest);
  const newest = about.toSorted((a, b) => a.at - b.at).at(-1);
  if ([meaning, ...later].some((each) => each.result === newest?.result)) return;
  report('the newest verdict is right', `of ${digest.slice(-3)}: ${newest?.result} and not ${result}`);
}

function isAbout(verdict: AttachedVerdict, meaning: Meaning): boolean {
  const { rollout, digest, result } = verdict;
  return rollout === meaning.rollout && digest === meaning.digest && result === meaning.result;
}

function meaningOf(
  { id, environment, plan, candidate, targets }: Rollout,
  { at, verdict }: Extract<JournalEntry, { kind: 'ended' }>,
  isFinal: boolean,
): readonly Meaning[] {
  const about = { rollout: id, environment, at, isFinal };
  if (verdict.kind === 'rolled back') return [{ ...about, digest: candidate.digest, result: 'FAILED' }];
  if (verdict.kind !== 'promoted') return [];
  const [home] = Object.values(targets ?? {}).map((target) => target.home);
  if (sameRelease(home ?? null, candidate)) return [];
  if (plan.purpose === 'deliver') return [{ ...about, digest: candidate.digest, result: 'PASSED' }];
  return home === null || home === undefined ? [] : [{ ...about, digest: home.digest, result: 'FAILED' }];
}
