import semver from 'semver';
import { compareDebianVersions } from './debian-version.ts';

/** How the versions of an ecosystem are ordered: below, at or above 0; null when one of them is no version there. */
export type VersionOrder = (a: string, b: string) => number | null;

/** Semantic versions 2.0; `1` and `1.2` count as `1.0.0` and `1.2.0`, as some advisories write them. */
export const semanticOrder: VersionOrder = (a, b) => {
  const [left, right] = [semanticVersion(a), semanticVersion(b)];
  return left === null || right === null ? null : semver.compare(left, right);
};

export const debianOrder: VersionOrder = compareDebianVersions;

function semanticVersion(text: string): semver.SemVer | null {
  const parts = /^v?(\d+)(?:\.(\d+))?$/.exec(text);
  return semver.parse(parts === null ? text : `${parts[1]}.${parts[2] ?? '0'}.0`, { loose: true });
}
