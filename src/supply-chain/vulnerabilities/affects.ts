import type { Affected, AffectedRange } from './advisory.ts';
import { debianOrder, semanticOrder, type VersionOrder } from './version-order.ts';

/** What an advisory says about one version of a package. */
export type Effect =
  | { readonly kind: 'affected'; readonly fixed: string | null }
  | { readonly kind: 'not affected' }
  /** The advisory is about the package, and whether it is about this version cannot be told. */
  | { readonly kind: 'cannot tell'; readonly why: string };

/** A version, and how those of its kind are compared and listed. */
export interface AskedVersion {
  readonly version: string;
  readonly ecosystem: 'npm' | 'Debian' | 'generic';
}

/** Whether the version is among those that are affected (evaluation of the OSV schema). */
export function effectOn({ ranges, versions }: Affected, asked: AskedVersion): Effect {
  if (ranges.length === 0 && versions.length === 0) return { kind: 'affected', fixed: null };
  const order = asked.ecosystem === 'Debian' ? debianOrder : semanticOrder;
  const comparable = ranges.filter(({ type }) => isComparable(type, asked.ecosystem));
  const effects = comparable.map((range) => effectOfRange(range, asked.version, order));
  const affected = effects.filter((effect) => effect.kind === 'affected');
  if (affected.length > 0)
    return { kind: 'affected', fixed: affected.find(({ fixed }) => fixed !== null)?.fixed ?? null };
  if (versions.some((listed) => listed === asked.version || order(asked.version, listed) === 0))
    return { kind: 'affected', fixed: nextFix(comparable, asked.version, order) };
  const unclear = effects.find((effect) => effect.kind === 'cannot tell');
  if (unclear !== undefined) return unclear;
  const strange = ranges.find(({ type }) => type !== 'GIT' && !isComparable(type, asked.ecosystem));
  if (strange !== undefined) {
    return { kind: 'cannot tell', why: `it has a range of the type ${JSON.stringify(strange.type)}` };
  }
  const isTold = comparable.length > 0 || versions.length > 0;
  return isTold
    ? { kind: 'not affected' }
    : { kind: 'cannot tell', why: 'it names commits only, no versions' };
}

/** Ranges of commits need the history of the repository, which is not here; such advisories list the tags beside them. */
function isComparable(type: string, ecosystem: AskedVersion['ecosystem']): boolean {
  return type === 'ECOSYSTEM' || (type === 'SEMVER' && ecosystem !== 'Debian');
}

type Bound = readonly [kind: 'introduced' | 'fixed' | 'last affected', version: string];

function effectOfRange({ events }: AffectedRange, version: string, order: VersionOrder): Effect {
  const limits = events.flatMap(({ limit }) => limit ?? []);
  const bounds = events.flatMap(boundsOf);
  if (!bounds.some(([kind]) => kind === 'introduced')) {
    return { kind: 'cannot tell', why: 'one of its ranges does not say where it begins' };
  }
  const compared = [...bounds.map(([, bound]) => bound), ...limits.filter((limit) => limit !== '*')];
  const strange = compared.find((bound) => compare(version, bound, order) === null);
  if (strange !== undefined) {
    return { kind: 'cannot tell', why: `"${version}" and "${strange}" cannot be compared` };
  }
  const isWithin =
    limits.length === 0 || limits.some((limit) => limit === '*' || (compare(version, limit, order) ?? 0) < 0);
  if (!isWithin) return { kind: 'not affected' };
  const sorted = bounds.toSorted(([, a], [, b]) => compareBounds(a, b, order));
  const isAffected = sorted.reduce((before, [kind, bound]) => {
    const difference = compare(version, bound, order) ?? 0;
    if (kind === 'introduced') return before || difference >= 0;
    return before && (kind === 'fixed' ? difference < 0 : difference <= 0);
  }, false);
  return isAffected
    ? { kind: 'affected', fixed: nextFix([{ events }], version, order) }
    : { kind: 'not affected' };
}

function boundsOf(event: AffectedRange['events'][number]): readonly Bound[] {
  return [
    ...(event.introduced === undefined ? [] : [['introduced', event.introduced] as const]),
    ...(event.fixed === undefined ? [] : [['fixed', event.fixed] as const]),
    ...(event.last_affected === undefined ? [] : [['last affected', event.last_affected] as const]),
  ];
}

/** `0` comes before every version. */
function compare(version: string, bound: string, order: VersionOrder): number | null {
  return bound === '0' ? (order(version, version) === null ? null : 1) : order(version, bound);
}

function compareBounds(a: string, b: string, order: VersionOrder): number {
  if (a === '0' || b === '0') return Number(b === '0') - Number(a === '0');
  return order(a, b) ?? 0;
}

/** The lowest version above this one with which it ends. */
function nextFix(
  ranges: readonly Pick<AffectedRange, 'events'>[],
  version: string,
  order: VersionOrder,
): string | null {
  const fixes = ranges.flatMap(({ events }) => events.flatMap(({ fixed }) => fixed ?? []));
  const above = fixes.filter((fixed) => (order(fixed, version) ?? 0) > 0);
  return above.toSorted((a, b) => order(a, b) ?? 0)[0] ?? null;
}
