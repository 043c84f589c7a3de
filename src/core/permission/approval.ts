import type { PendingCommand } from '../command.ts';
import { allowOverrides, askedOverrides } from './override.ts';
import { isPerson, isSamePerson } from './person.ts';
import type { Rollout } from '../rollout.ts';
import { sayDuration, type Instant, type Milliseconds } from '../time.ts';

/** Who has to say yes before a rollout begins. */
export interface ApprovalRule {
  /** How many people. Whoever asked for the rollout is none of them. */
  readonly people: number;
  /** Who may; null for anybody. */
  readonly from: readonly string[] | null;
  /** How long an approval counts. */
  readonly expires: Milliseconds;
}

/** That a person said yes. */
export interface Approval {
  readonly by: string;
  readonly at: Instant;
  readonly note: string | null;
}

/** The rule that the rollout has to meet. To return to an earlier release takes no approval: it must always be possible. */
export function approvalRule({ plan }: Rollout): ApprovalRule | null {
  return plan.purpose === 'return' ? null : plan.approval;
}

/** The approvals that count now: one of each person, of those who may. */
export function validApprovals(rollout: Rollout, now: Instant): readonly Approval[] {
  const rule = approvalRule(rollout);
  if (rule === null) return [];
  return rollout.approvals.filter(
    ({ by, at }, index, all) =>
      mayApprove(rollout, by) &&
      now <= at + rule.expires &&
      all.findLastIndex((each) => isSamePerson(each.by, by)) === index,
  );
}

/** Who could approve, in words. */
export function sayApprovers({ plan, requestedBy }: Rollout): string {
  const from = plan.approval?.from ?? null;
  return from === null
    ? `anybody but ${requestedBy}`
    : from.filter((name) => !isSamePerson(name, requestedBy)).join(' or ') || 'nobody';
}

/** What an approval comes to: what it changes, and what to tell the person. */
export type Approved =
  | {
      readonly kind: 'counts';
      readonly change: Pick<Rollout, 'approvals' | 'overrides'>;
      readonly text: string;
    }
  | { readonly kind: 'refused'; readonly text: string };

/** Takes a person's yes for the rollout as it stands, and for everything that somebody asked to overrule. */
export function approve(rollout: Rollout, { by, note, at: given }: PendingCommand, now: Instant): Approved {
  const { requestedBy, approvals, phase, plan } = rollout;
  // It counts from when it was given, which may be long before a controller was there to hear it.
  const at = Math.min(given, now);
  const asked = askedOverrides(rollout, now);
  if (phase.kind !== 'gating') return refused('it has begun already, so it needs no approval any more');
  if (approvalRule(rollout) === null && asked.length === 0) return refused('it needs no approval');
  if (!isPerson(by)) return refused('nobody is named who approves it');
  if (isSamePerson(by, requestedBy)) return refused('whoever asked for it cannot approve it');
  if (!mayApprove(rollout, by)) {
    return refused(`${by} may not approve here; ${sayApprovers(rollout)} may`);
  }
  const counts = Math.max(approvalRule(rollout)?.expires ?? 0, asked.length > 0 ? plan.overrideFor : 0);
  if (now > at + counts) {
    return refused(
      `that was said ${sayDuration(now - at)} ago, and counts for ${sayDuration(counts)}: say it again`,
    );
  }
  const isKnown = validApprovals(rollout, now).some((approval) => isSamePerson(approval.by, by));
  if (isKnown && asked.length === 0) return refused(`${by} has approved already, and counts once`);
  const others = approvals.filter((approval) => !isSamePerson(approval.by, by));
  const isInTime = now <= at + plan.overrideFor;
  const change = {
    approvals: [...others, { by, at, note }],
    overrides: isInTime ? allowOverrides(rollout, { by, at }, now) : rollout.overrides,
  };
  const overruled = (isInTime ? asked : []).map(
    ({ gate, note: why }) => `; this also overrules ${gate} for ${sayDuration(plan.overrideFor)} (${why})`,
  );
  return {
    kind: 'counts',
    change,
    text: `approved${sayCount({ ...rollout, ...change }, now)}${overruled.join('')}`,
  };
}

function sayCount(rollout: Rollout, now: Instant): string {
  const rule = approvalRule(rollout);
  return rule === null ? '' : `, ${validApprovals(rollout, now).length} of ${rule.people}`;
}

function refused(text: string): Approved {
  return { kind: 'refused', text };
}

/** Also for overrides: who may not approve may not allow them either. */
function mayApprove({ plan, requestedBy }: Rollout, by: string): boolean {
  const from = plan.approval?.from ?? null;
  const isInvited = from === null || from.some((name) => isSamePerson(name, by));
  return isInvited && isPerson(by) && !isSamePerson(by, requestedBy);
}
