import { PackageURL } from 'packageurl-js';
import type { AlpinePackage } from './alpine-packages.ts';
import type { Component } from './component.ts';
import type { DebianPackage } from './debian-packages.ts';
import type { Distribution } from './distribution.ts';
import type { Program } from './finding.ts';
import type { ImageFindings } from './image-findings.ts';
import { licenseOf } from './license.ts';
import type { NpmPackage } from './npm-package.ts';

/** What an image is made of, and which files should have told more. */
export interface ImageComponents {
  /** Each once, in the order of package URLs, the distribution first. */
  readonly components: readonly Component[];
  readonly unreadable: readonly { readonly path: string; readonly why: string }[];
}

/** Names what was found. */
export function componentsOf(findings: ImageFindings): ImageComponents {
  const distribution = distributionIn(findings);
  const found = findings.files.flatMap(([path, finding]): readonly Component[] => {
    switch (finding.kind) {
      case 'debian packages':
        return finding.packages.map((each) => debianComponent(findings, distribution, each, path));
      case 'alpine packages':
        return finding.packages.map((each) => alpineComponent(distribution, each, path));
      case 'npm package':
        return [npmComponent(findings, finding.package, path)];
      case 'program':
        return [programComponent(finding.program, path)];
      case 'distribution':
      case 'debian licenses':
      case 'npm hashes':
      case 'unreadable':
        return [];
      default:
        return finding satisfies never;
    }
  });
  const system = distribution === null ? [] : [distributionComponent(distribution)];
  return {
    components: [...system, ...merged(found)],
    unreadable: findings.files.flatMap(([path, finding]) =>
      finding.kind === 'unreadable' ? [{ path, why: finding.why }] : [],
    ),
  };
}

/** The same package at several places is one component. Two files that say to be the same program and differ are two. */
function merged(found: readonly Component[]): readonly Component[] {
  const byName = Map.groupBy(found, ({ purl, type, hashes }) =>
    JSON.stringify([purl, type === 'application' ? hashes : null]),
  );
  const components = [...byName].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, same]) => same);
  return components.flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const locations = [first, ...others].flatMap((each) => each.locations);
    return [{ ...first, locations: [...new Set(locations)].toSorted() }];
  });
}

/** `/etc/os-release` counts before the one that it is a link to as a rule. */
function distributionIn(findings: ImageFindings): Distribution | null {
  for (const path of ['etc/os-release', 'usr/lib/os-release']) {
    const found = findings.get(path);
    if (found?.kind === 'distribution') return found.distribution;
  }
  return null;
}

const PLAIN = { group: null, cpe: null, licenses: [], hashes: [] };

function distributionComponent({ id, version }: Distribution): Component {
  return { ...PLAIN, type: 'operating-system', name: id, version, purl: null, locations: [] };
}

function debianComponent(
  findings: ImageFindings,
  distribution: Distribution | null,
  { name, version, architecture, source }: DebianPackage,
  path: string,
): Component {
  const said = findings.get(`usr/share/doc/${name}/copyright`);
  const isOwn = source.name === name && source.version === version;
  const upstream = source.version === version ? source.name : `${source.name}@${source.version}`;
  const qualifiers = {
    arch: architecture,
    distro: distroOf(distribution),
    upstream: isOwn ? null : upstream,
  };
  const purl = purlOf('deb', distribution?.id ?? 'debian', name, version, qualifiers);
  const licenses = said?.kind === 'debian licenses' ? said.licenses : [];
  return { ...PLAIN, type: 'library', name, version, purl, licenses, locations: [path] };
}

function alpineComponent(
  distribution: Distribution | null,
  { name, version, architecture, origin, license }: AlpinePackage,
  path: string,
): Component {
  const qualifiers = {
    arch: architecture,
    distro: distroOf(distribution),
    upstream: origin === name ? null : origin,
  };
  const purl = purlOf('apk', distribution?.id ?? 'alpine', name, version, qualifiers);
  const said = licenseOf(license ?? '');
  return {
    ...PLAIN,
    type: 'library',
    name,
    version,
    purl,
    licenses: said === null ? [] : [said],
    locations: [path],
  };
}

function npmComponent(
  findings: ImageFindings,
  { name, version, license }: NpmPackage,
  path: string,
): Component {
  const slash = name.indexOf('/');
  const group = slash < 0 ? null : name.slice(0, slash);
  const said = licenseOf(license ?? '');
  const hash = npmHash(findings, path);
  return {
    type: 'library',
    group,
    name: name.slice(slash + 1),
    version,
    purl: purlOf('npm', group, name.slice(slash + 1), version),
    cpe: null,
    licenses: said === null ? [] : [said],
    hashes: hash === undefined ? [] : [{ algorithm: 'SHA-512', hex: hash }],
    locations: [path],
  };
}

/** From the list beside the outermost `node_modules` that the package is in. */
function npmHash(findings: ImageFindings, path: string): string | undefined {
  const at = path.search(/(?<=^|\/)node_modules\//);
  if (at < 0) return undefined;
  const list = findings.get(`${path.slice(0, at)}node_modules/.package-lock.json`);
  return list?.kind === 'npm hashes' ? list.hashes.get(path.slice(at, -'/package.json'.length)) : undefined;
}

function programComponent({ name, version, sha256 }: Program, path: string): Component {
  const isNode = name === 'node' && version !== null;
  return {
    ...PLAIN,
    type: 'application',
    name,
    version,
    purl: purlOf('generic', null, name, version),
    cpe: isNode ? `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*` : null,
    hashes: [{ algorithm: 'SHA-256', hex: sha256 }],
    locations: [path],
  };
}

function distroOf(distribution: Distribution | null): string | null {
  if (distribution === null) return null;
  return distribution.version === null ? distribution.id : `${distribution.id}-${distribution.version}`;
}

/** The library leaves `+` as it is, where the specification of package URLs and everybody else writes `%2B`. */
function purlOf(
  type: string,
  namespace: string | null,
  name: string,
  version: string | null,
  qualifiers: Readonly<Record<string, string | null>> = {},
): string {
  const said = Object.entries(qualifiers).flatMap(([key, value]) =>
    value === null || value === '' ? [] : [[key, value] as const],
  );
  return new PackageURL(
    type,
    namespace,
    name,
    version,
    said.length === 0 ? null : Object.fromEntries(said),
    null,
  )
    .toString()
    .replaceAll('+', '%2B');
}
