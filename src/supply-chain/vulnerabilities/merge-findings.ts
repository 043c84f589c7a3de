import type { Finding } from './finding.ts';
import { RATINGS, worst } from './severity.ts';

/**
 * Joins what several advisories say about the same vulnerability in the same package: the worst rating and the first fix
 * count. In order: the worst first, what is not rated among the high ones.
 */
export function mergeFindings(found: readonly Finding[]): readonly Finding[] {
  const byPackage = Map.groupBy(found, (finding) => finding.package.purl);
  return [...byPackage.values()].flatMap((ofPackage) => groupsOf(ofPackage).map(joined)).toSorted(worseFirst);
}

/** Groups that share a name. Aliases of aliases are the same vulnerability, too. */
function groupsOf(found: readonly Finding[]): readonly (readonly Finding[])[] {
  let groups: { readonly names: Set<string>; readonly findings: Finding[] }[] = [];
  for (const finding of found) {
    const names = [finding.id, ...finding.aliases];
    const same = groups.filter((group) => names.some((name) => group.names.has(name)));
    const joint = {
      names: new Set([...names, ...same.flatMap((group) => [...group.names])]),
      findings: [...same.flatMap((group) => group.findings), finding],
    };
    groups = [...groups.filter((group) => !same.includes(group)), joint];
  }
  return groups.map(({ findings }) => findings);
}

function joined(same: readonly Finding[]): Finding {
  const [first] = same;
  if (first === undefined) throw new Error('a group has at least one finding');
  const names = [...new Set(same.flatMap(({ id, aliases }) => [id, ...aliases]))].toSorted(betterName);
  const [id = first.id, ...aliases] = names;
  return {
    ...worst(same.flatMap(({ scores }) => scores)),
    id,
    aliases,
    package: first.package,
    fixed: same.find(({ fixed }) => fixed !== null)?.fixed ?? null,
    summary: same.find(({ summary }) => summary !== '')?.summary ?? '',
  };
}

function betterName(a: string, b: string): number {
  return rankOfName(a) - rankOfName(b) || (a < b ? -1 : Number(a > b));
}

function rankOfName(name: string): number {
  if (name.startsWith('CVE-')) return 0;
  return name.startsWith('GHSA-') ? 1 : 2;
}

function worseFirst(a: Finding, b: Finding): number {
  const [left, right] = [a, b].map(({ rating }) => RATINGS.indexOf(rating === 'unknown' ? 'high' : rating));
  const [mine, other] = [`${a.id} ${a.package.purl}`, `${b.id} ${b.package.purl}`];
  return (right ?? 0) - (left ?? 0) || (mine < other ? -1 : Number(mine > other));
}
