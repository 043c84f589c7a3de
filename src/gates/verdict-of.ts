import type { Clock } from '../clock/clock.ts';
import type { GateAnswer } from '../core/observation.ts';
import { sayReason } from '../core/reason.ts';
import { isPromotion } from '../core/lineage.ts';
import { isActive, type Rollout, statusOf } from '../core/rollout.ts';
import { sayDuration } from '../core/time.ts';
import type { Store } from '../stores/store.ts';
import type { SupplyChainCode } from '../supply-chain/error.ts';
import { refusal } from '../supply-chain/policy/refusal-codes.ts';
import type { Gate } from './gate.ts';

const NAME = 'promotion';

/**
 * What this engine itself knows of the candidate in the environment before: it must have been promoted there, not have been
 * taken back since, and have lasted. A registry can withhold bad news and this store cannot. Where the store knows nothing
 * at all of that environment, another engine keeps it, and there is nothing to say: the signed verdict is asked for by the
 * gate of the supply chain.
 */
export function verdictOfGate(store: Pick<Store, 'list' | 'blocks'>, clock: Clock): Gate {
  return {
    name: NAME,
    async ask(rollout) {
      const { service, candidate, plan } = rollout;
      if (plan.after === null || plan.purpose === 'return') return OPEN;
      const place = { service, environment: plan.after };
      const [anything] = await store.list({ ...place, limit: 1 });
      if (anything === undefined) return OPEN;
      const block = (await store.blocks(service, plan.after)).find(
        ({ digest }) => digest === candidate.digest,
      );
      if (block !== undefined) {
        const why = block.reasons.map(sayReason).join('; ');
        return closed(
          'VSA_POLICY',
          `${candidate.name} was taken back in ${plan.after} by ${block.rollout}: ${why}`,
        );
      }
      const there = await store.list({ ...place, digest: candidate.digest });
      return judge(rollout, plan.after, there, clock.now());
    },
  };
}

const OPEN: GateAnswer = { gate: NAME, kind: 'open' };

/** By what became of the candidate there, newest first. What never began, or ended without a judgement, says nothing. */
function judge(
  { candidate, plan }: Rollout,
  before: string,
  there: readonly Rollout[],
  now: number,
): GateAnswer {
  const underWay = there.find((each) => isActive(each));
  if (underWay !== undefined) {
    const detail = `${underWay.id} is ${statusOf(underWay)} in ${before}`;
    return { gate: NAME, kind: 'waiting', detail };
  }
  const last = there.find(isJudgement) ?? there.find(isPromoted);
  if (last === undefined || last.phase.kind !== 'ended') {
    return closed('MISSING_VSA', `${candidate.name} was not promoted in ${before} yet`);
  }
  const { at, verdict } = last.phase;
  if (verdict.kind !== 'promoted') {
    const why = verdict.reasons.map(sayReason).join('; ');
    return closed('VSA_POLICY', `${candidate.name} was ${verdict.kind} in ${before} by ${last.id}: ${why}`);
  }
  const left = at + plan.soak - now;
  if (left <= 0) return OPEN;
  const detail = `promoted in ${before} ${sayDuration(now - at)} ago by ${last.id}, and has to last ${sayDuration(plan.soak)}: another ${sayDuration(left)}`;
  return { gate: NAME, kind: 'waiting', detail };
}

function isPromoted({ phase }: Rollout): boolean {
  return phase.kind === 'ended' && phase.verdict.kind === 'promoted';
}

/** A rollout that found the candidate to be stable already does not begin its time of soaking anew. */
function isJudgement(rollout: Rollout): boolean {
  const { phase } = rollout;
  return phase.kind === 'ended' && (phase.verdict.kind === 'rolled back' || isPromotion(rollout));
}

function closed(code: SupplyChainCode, detail: string): GateAnswer {
  return { gate: NAME, kind: 'closed', detail, refusals: [refusal(code, detail)] };
}
