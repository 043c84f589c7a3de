import type { Evidence, TargetEvidence } from '../../src/core/analysis/evidence.ts';
import { decide } from '../../src/core/decide.ts';
import type { Decision } from '../../src/core/decision.ts';

type Judge = typeof decide;

/** Mistakes that break the guarantee of the analysis, each of which somebody has published. */
export const MISJUDGEMENTS: Readonly<Record<string, Judge>> = {
  'bets on what it has already seen': (rollout, observation, now) => {
    const decision = decide(rollout, observation, now);
    return withEvidence(decision, (known, target) => inHindsight(known, rollout.evidence?.targets[target]));
  },
  'judges a block again after a failed write': (rollout, observation, now) => {
    const decision = decide(rollout, observation, now);
    const isRetried = decision.rollout.revision % 4 !== 0;
    // The store would refuse to keep the same interval twice.
    const unkept = { ...decision, intervals: [] };
    return withEvidence(unkept, (known, target) =>
      isRetried ? { ...known, cursor: rollout.evidence?.targets[target]?.cursor ?? known.cursor } : known,
    );
  },
};

function withEvidence(
  decision: Decision,
  change: (known: TargetEvidence, target: string) => TargetEvidence,
): Decision {
  const { evidence } = decision.rollout;
  if (evidence === null) return decision;
  const targets = Object.entries(evidence.targets).map(([target, known]) => [target, change(known, target)]);
  const changed: Evidence = { targets: Object.fromEntries(targets) };
  return { ...decision, rollout: { ...decision.rollout, evidence: changed } };
}

/** All bets get what the best of them got: the one that would have been chosen by somebody who knew the block. */
function inHindsight(known: TargetEvidence, before: TargetEvidence | undefined): TargetEvidence {
  if (before === undefined || before.cursor === known.cursor) return known;
  const was = before.errors.against.mixture.logWealth;
  const is = known.errors.against.mixture.logWealth;
  const gains = is.map((wealth, bet) => wealth - (was[bet] ?? 0));
  const best = Math.max(...gains);
  const { errors } = known;
  const mixture = { ...errors.against.mixture, logWealth: is.map((_, bet) => (was[bet] ?? 0) + best) };
  return { ...known, errors: { ...errors, against: { ...errors.against, mixture } } };
}
