import type { PendingCommand } from './command.ts';
import type { Rollout } from './rollout.ts';
import { sayDuration, type Instant, type Milliseconds } from './time.ts';

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

/** The gates that people may overrule. */
export type OverridableGate = 'supply chain' | 'freeze';

/** A gate that somebody asked to overrule, and somebody else allowed. */
export interface Override {
  readonly gate: OverridableGate;
  readonly by: string;
  readonly note: string;
  /** Null until a second person has allowed it; it counts until then. */
  readonly allowed: { readonly by: string; readonly at: Instant; readonly until: Instant } | null;
}

/** The approvals that count now. */
export function validApprovals({ approvals, plan, requestedBy }: Rollout, now: Instant): readonly Approval[] {
  const rule = plan.approval;
  if (rule === null) return [];
  return approvals.filter(({ by, at }) => mayApprove(rule.from, requestedBy, by) && now <= at + rule.expires);
}

/** Who could approve, in words. */
export function sayApprovers({ plan, requestedBy }: Rollout): string {
  const from = plan.approval?.from ?? null;
  return from === null
    ? `anybody but ${requestedBy}`
    : from.filter((name) => name !== requestedBy).join(' or ') || 'nobody';
}

/** What an approval changes; or, as text, why it does not count. */
export function approve(
  rollout: Rollout,
  { by, note }: PendingCommand,
  now: Instant,
): Pick<Rollout, 'approvals' | 'overrides'> | string {
  const { plan, requestedBy, approvals, overrides, phase } = rollout;
  const isAsked = overrides.some(({ allowed }) => allowed === null || now > allowed.until);
  if (phase.kind !== 'gating') return 'it has begun already';
  if (plan.approval === null && !isAsked) return 'it needs no approval';
  if (by === requestedBy) return 'whoever asked for it cannot approve it';
  if (!mayApprove(plan.approval?.from ?? null, requestedBy, by)) {
    return `${by} may not approve here; ${sayApprovers(rollout)} may`;
  }
  const isKnown = validApprovals(rollout, now).some((approval) => approval.by === by);
  if (isKnown && !isAsked) return `${by} has approved already`;
  const allowed = { by, at: now, until: now + plan.overrideFor };
  return {
    approvals: [...approvals.filter((approval) => approval.by !== by), { by, at: now, note }],
    overrides: overrides.map((each) =>
      each.allowed !== null && now <= each.allowed.until ? each : { ...each, allowed },
    ),
  };
}

function mayApprove(from: readonly string[] | null, requestedBy: string, by: string): boolean {
  return by !== requestedBy && (from === null || from.includes(by));
}

/** What the override of the gate comes to at present; null if nobody asked for one. */
export function overrideOf(
  { overrides, id }: Rollout,
  gate: string,
  now: Instant,
):
  | { readonly kind: 'in force'; readonly override: Override }
  | { readonly kind: 'asked'; readonly detail: string }
  | null {
  const override = overrides.find((each) => each.gate === gate);
  if (override === undefined) return null;
  const { by, note, allowed } = override;
  if (allowed !== null && now <= allowed.until) return { kind: 'in force', override };
  const expired =
    allowed === null
      ? ''
      : `, as the consent of ${allowed.by} was for ${sayDuration(allowed.until - allowed.at)} only`;
  return {
    kind: 'asked',
    detail: `${by} asks to overrule it (${note}); a second person has to allow that with \`canary approve ${id}\`${expired}`,
  };
}
