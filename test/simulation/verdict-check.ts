import type { DueVerdict } from '../../src/core/attestation.ts';
import { sameRelease } from '../../src/core/release.ts';
import type { Rollout } from '../../src/core/rollout.ts';
import type { Instant } from '../../src/core/time.ts';
import type { Store } from '../../src/stores/store.ts';
import { type AttachedVerdict, newestVerdict } from './simulated-notary.ts';

type Report = (invariant: string, detail: string) => void;

/** What the end of a rollout means for an image. */
interface Meaning {
  readonly rollout: string;
  readonly environment: string;
  readonly digest: string;
  readonly result: DueVerdict['result'];
  readonly at: Instant;
}

/** What must hold of verdicts when everything has come to rest. Says itself what the ends of rollouts mean. */
export async function checkVerdicts(
  store: Store,
  verdicts: readonly AttachedVerdict[],
  report: Report,
): Promise<void> {
  const rollouts = await store.list({});
  const meanings = rollouts.flatMap(meaningOf);
  for (const { rollout, digest, result } of meanings) {
    const isThere = verdicts.some(
      (each) => each.rollout === rollout && each.digest === digest && each.result === result,
    );
    if (!isThere) report('every end is attested', `${rollout} ended as ${result}, and nothing says so`);
  }
  for (const { environment, digest } of meanings) {
    const last = meanings
      .filter((each) => each.digest === digest)
      .toSorted((a, b) => a.at - b.at)
      .at(-1);
    const newest = newestVerdict(verdicts, environment, digest);
    if (newest?.result !== last?.result) {
      report(
        'the newest verdict is right',
        `of ${digest.slice(-3)}: ${newest?.result} and not ${last?.result}`,
      );
    }
  }
  for (const { rollout, at, result } of verdicts) {
    const ends = (await store.journal(rollout)).flatMap(({ entry }) =>
      entry.kind === 'ended' ? [entry.at] : [],
    );
    if (!ends.includes(at)) report('no verdict without an end', `${rollout}: ${result}`);
  }
}

function meaningOf({
  id: rollout,
  environment,
  phase,
  plan,
  candidate,
  targets,
}: Rollout): readonly Meaning[] {
  if (phase.kind !== 'ended') return [];
  const { at, verdict } = phase;
  const about = { rollout, environment, at };
  if (verdict.kind === 'rolled back') return [{ ...about, digest: candidate.digest, result: 'FAILED' }];
  if (verdict.kind !== 'promoted') return [];
  const [home] = Object.values(targets ?? {}).map((target) => target.home);
  if (sameRelease(home ?? null, candidate)) return [];
  if (plan.purpose === 'deliver') return [{ ...about, digest: candidate.digest, result: 'PASSED' }];
  return home === null || home === undefined ? [] : [{ ...about, digest: home.digest, result: 'FAILED' }];
}
