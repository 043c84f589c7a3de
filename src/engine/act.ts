import type { DueVerdict } from '../core/attestation.ts';
import type { Action, Decision } from '../core/decision.ts';
import type { Milliseconds } from '../core/time.ts';
import type { Fence } from '../core/traffic.ts';
import type { Rollout } from '../core/rollout.ts';
import { type Eyes, NOTARY } from './observe.ts';
import { attempt } from './reading.ts';
import type { Site } from './site.ts';

/**
 * Takes the actions of a committed decision: the targets and the notary at the same time, on each target one after the
 * other. Returns what was said by those that refused. Whatever fails is asked for again by the next turn, if it is still
 * wanted then.
 *
 * `isLate` is asked before each action: a turn that was frozen for too long does nothing any more.
 */
export async function act(
  decision: Decision,
  eyes: Eyes,
  isLate: () => boolean,
): Promise<Readonly<Record<string, string>>> {
  const { clock, sites } = eyes;
  const { rollout, actions, attest: due } = decision;
  const fence: Fence = { sequence: rollout.sequence, revision: rollout.revision };
  const refusals: Record<string, string> = {};

  async function tell(target: string, wishes: readonly Action[]): Promise<void> {
    const site = sites[target];
    for (const action of wishes) {
      if (site === undefined || isLate()) return;
      const refusal = await attempt(clock, (signal) => perform(site, action, fence, signal));
      if (refusal === null) continue;
      refusals[target] = refusal;
      return;
    }
  }

  async function tellNotary(): Promise<void> {
    if (due === null || isLate()) return;
    const refusal = await attest(rollout, due, eyes);
    if (refusal !== null) refusals[NOTARY] = refusal;
  }

  const byTarget = Map.groupBy(actions, ({ target }) => target);
  await Promise.all([...[...byTarget].map(([target, wishes]) => tell(target, wishes)), tellNotary()]);
  return refusals;
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
