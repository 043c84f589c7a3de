import { SupplyChainError } from '../../error.ts';
import type { Platform } from '../platform.ts';
import { runsOn } from './package-platform.ts';
import type { FoundLock, LockEntry } from './lock-file.ts';

/** A package that the service needs when it runs. */
export interface NeededPackage {
  /** Where it is, from the directory of the lock file: `node_modules/semver`. */
  readonly installedAt: string;
  /** Where it goes, from the directory of the service. */
  readonly goesTo: string;
  readonly version: string | null;
  /** Whether the service also runs without it. One for this very platform does not count as that. */
  readonly isOptional: boolean;
}

/**
 * The packages that a service needs when it runs, found by following the lock file as Node.js follows node_modules: no
 * development dependencies, nothing that merely lies there, nothing for other platforms. Throws `UNBUILDABLE`.
 */
export function neededPackages(
  { location, packages }: FoundLock,
  platform: Platform,
): readonly NeededPackage[] {
  const found = new Map<string, NeededPackage>();
  const waiting = [location];
  for (let from = waiting.pop(); from !== undefined; from = waiting.pop()) {
    for (const { name, isOptional } of wishesOf(packages[from])) {
      const place = resolve(packages, from, name);
      if (place === null) {
        if (isOptional) continue;
        throw unbuildable(
          `package-lock.json does not say where ${from || 'the service'} finds "${name}"; bring it up to date with \`npm install\``,
        );
      }
      const entry = packages[place] ?? {};
      if (found.has(place) || (isOptional && !runsOn(entry, platform))) continue;
      found.set(place, needed(place, location, entry));
      waiting.push(place);
    }
  }
  requireOnePlaceEach([...found.values()]);
  return [...found.values()];
}

interface Wish {
  readonly name: string;
  readonly isOptional: boolean;
}

/** npm may be told not to install peers, so a missing one is no mistake of the lock file. */
function wishesOf(entry: LockEntry | undefined): readonly Wish[] {
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = entry ?? {};
  const optional = { ...optionalDependencies, ...peerDependencies };
  return [
    ...Object.keys(dependencies)
      .filter((name) => !Object.hasOwn(optional, name))
      .map((name) => ({ name, isOptional: false })),
    ...Object.keys(optional).map((name) => ({ name, isOptional: true })),
  ];
}

/** As Node.js does: in the package's own node_modules, then in those above. */
function resolve(packages: FoundLock['packages'], from: string, name: string): string | null {
  for (let place = from; ; place = above(place)) {
    const candidate = place === '' ? `node_modules/${name}` : `${place}/node_modules/${name}`;
    if (Object.hasOwn(packages, candidate)) return candidate;
    if (place === '') return null;
  }
}

function above(place: string): string {
  return place.slice(0, Math.max(0, place.lastIndexOf('/')));
}

function needed(place: string, location: string, entry: LockEntry): NeededPackage {
  if (entry.link === true) {
    throw unbuildable(
      `the service needs ${place}, which is another workspace of the project; publish it, or bundle the service into one file first`,
    );
  }
  const own = location === '' ? '' : `${location}/`;
  const goesTo = place.startsWith(own) ? place.slice(own.length) : place;
  const isOptional = entry.optional === true && entry.os === undefined && entry.cpu === undefined;
  return { installedAt: place, goesTo, version: entry.version ?? null, isOptional };
}

/** Outside of its workspace there is one node_modules instead of two, in which two versions cannot have one place. */
function requireOnePlaceEach(all: readonly NeededPackage[]): void {
  const taken = new Map<string, string>();
  for (const { goesTo, installedAt } of all) {
    const other = taken.get(goesTo);
    if (other !== undefined) {
      throw unbuildable(
        `the service needs both ${other} and ${installedAt}, and there is one place for them in an image; give the service a lock file of its own, or bundle it into one file first`,
      );
    }
    taken.set(goesTo, installedAt);
  }
}

function unbuildable(message: string): SupplyChainError {
  return new SupplyChainError('UNBUILDABLE', message);
}
