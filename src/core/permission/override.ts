import type { Rollout } from '../rollout.ts';
import { isSamePerson } from './person.ts';
import { sayDuration, type Instant } from '../time.ts';

/** What people may overrule. */
export type OverridableGate = 'supply chain' | 'freeze';

/** The gates that go with it. What was rolled back is let in again by unblocking it, and by nothing else. */
const OVERRULES: Readonly<Record<OverridableGate, readonly string[]>> = {
  'supply chain': ['supply chain', 'promotion', 'floor'],
  freeze: ['freeze'],
};

/** A gate that somebody asked to overrule, and somebody else allowed. */
export interface Override {
  readonly gate: OverridableGate;
  readonly by: string;
  readonly note: string;
  /** Null until a second person has allowed it; it counts until then. */
  readonly allowed: { readonly by: string; readonly at: Instant; readonly until: Instant } | null;
}

/** The overrides that somebody asked for and nobody allows at present. One without a reason is not heard. */
export function askedOverrides({ overrides }: Rollout, now: Instant): readonly Override[] {
  return overrides.filter((override) => isHeard(override) && !isInForce(override, now));
}

/** The overrides with the consent of a second person. What is in force already keeps its end. */
export function allowOverrides(
  rollout: Rollout,
  { by, at }: { readonly by: string; readonly at: Instant },
  now: Instant,
): readonly Override[] {
  const asked = askedOverrides(rollout, now);
  const allowed = { by, at, until: at + rollout.plan.overrideFor };
  return rollout.overrides.map((override) =>
    asked.includes(override) ? { ...override, allowed } : override,
  );
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
  const override = overrides.find((each) => isHeard(each) && OVERRULES[each.gate].includes(gate));
  if (override === undefined) return null;
  if (isInForce(override, now)) return { kind: 'in force', override };
  const { by, note, allowed } = override;
  const expired =
    allowed === null
      ? ''
      : `, as the consent of ${allowed.by} was for ${sayDuration(allowed.until - allowed.at)} only`;
  return {
    kind: 'asked',
    detail: `${by} asks to overrule it (${note}); a second person has to allow that with \`canary approve ${id}\`${expired}`,
  };
}

function isHeard({ note }: Override): boolean {
  return note.trim() !== '';
}

function isInForce({ by, allowed }: Override, now: Instant): boolean {
  return allowed !== null && !isSamePerson(allowed.by, by) && now <= allowed.until;
}
