import type { DueVerdict } from '../core/attestation.ts';
import type { Action, Decision } from '../core/decision.ts';
import type { Milliseconds } from '../core/time.ts';
import type { Fence } from '../core/traffic.ts';
import type { Rollout } from '../core/rollout.ts';
import { type Eyes, NOTARY } from './observe.ts';
import { attempt } from './reading.ts';
import type { Site } from './site.ts';

/**
 * Takes the actions of a committed decision: the targets at the same time, on each target one after the other. Returns
 * what targets said that refused. Whatever fails is asked for again by the next turn, if it is still wanted then.
 *
 * `isLate` is asked before each action: a turn that was frozen for too long does nothing any more.
 */
export async function act(
  decision: Decision,
  eyes: Eyes,
  isLate: () => boolean,
): Promise<Readonly<Record<string, string>>> {
  const { clock, sites } = eyes;
  const { sequence, revision } = decision.rollout;
  const refusals: Record<string, string> = {};
  const byTarget = Map.groupBy(decision.actions, (action) => action.target);
  await Promise.all(
    [...byTarget].map(async ([target, actions]) => {
      const site = sites[target];
      for (const action of actions) {
        if (site === undefined || isLate()) return;
        const refusal = await attempt(clock, (signal) =>
          perform(site, action, { sequence, revision }, signal),
        );
        if (refusal === null) continue;
        refusals[target] = refusal;
        return;
      }
    }),
  );
  if (decision.attest === null || isLate()) return refusals;
  const refusal = await attest(decision.rollout, decision.attest, eyes);
  return refusal === null ? refusals : { ...refusals, [NOTARY]: refusal };
}

/** What kept the verdict from being attached; null when it was. */
function attest(rollout: Rollout, due: DueVerdict, { clock, store, notary }: Eyes): Promise<string | null> {
  return attempt(clock, async (signal) => {
    if (notary === null) throw new Error('nobody is there who signs verdicts');
    const { hash } = await store.journalHead(rollout.id);
    await notary.attest(rollout, due, hash, signal);
  });
}

function perform({ target, guard }: Site, action: Action, fence: Fence, signal: AbortSignal): Promise<void> {
  switch (action.kind) {
    case 'prepare':
      return target.prepare(action.release, fence, signal);
    case 'apply':
      return target.apply(action.traffic, fence, signal);
    case 'retire':
      return target.retire(action.release, fence, signal);
    case 'arm':
      return guard.arm(action.home, action.deadline, fence, signal);
    case 'disarm':
      return guard.disarm(fence, signal);
    default:
      return action satisfies never;
  }
}

/** Of the time that a turn may take, the part after which it acts no more. */
const ACTING_SHARE = 0.6;

/** A turn's deadline for acting, measured from now. */
export function lateAfter(lease: Milliseconds, elapsed: () => Milliseconds): () => boolean {
  return () => elapsed() > ACTING_SHARE * lease;
}
