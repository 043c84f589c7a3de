import type { Instant } from '../../core/time.ts';
import type { Advisory, Affected } from './advisory.ts';
import { effectOn } from './affects.ts';
import type { BillPackages } from './bill-packages.ts';
import { type Database, type DatabaseProblem, readDatabase } from './database.ts';
import type { Finding } from './finding.ts';
import { mergeFindings } from './merge-findings.ts';
import type { NotScanned, ScannedPackage } from './scanned-package.ts';
import { severityOf } from './severity.ts';

/** What is known to be wrong with an image, and what is not known about it. */
export interface ScanResult {
  /** The worst first. */
  readonly findings: readonly Finding[];
  /** How many packages the advisories were asked about. */
  readonly packages: number;
  readonly notScanned: readonly NotScanned[];
  /** Why this is not all that must be known: one sentence each, without a full stop. A scan with any of these has failed. */
  readonly gaps: readonly string[];
  readonly database: Database;
}

/**
 * Asks the advisories of a directory about every package of an image. They are read one at a time; only those that are
 * about one of the packages are kept. Throws `SCAN_FAILED` when there are none.
 */
export async function scan(bill: BillPackages, directory: string, now: Instant): Promise<ScanResult> {
  const byName = Map.groupBy(bill.packages, ({ ecosystem, name }) => `${ecosystem} ${name}`);
  const found: Finding[] = [];
  const unclear: DatabaseProblem[] = [];
  const database = await readDatabase(directory, now, (advisory, place) => {
    if (advisory.withdrawn !== undefined && advisory.withdrawn !== null && advisory.withdrawn <= now) return;
    for (const affected of advisory.affected) {
      for (const about of packagesMeant(affected, byName)) {
        const effect = effectOn(affected, about);
        if (effect.kind === 'affected') found.push(findingOf(advisory, affected, about, effect.fixed));
        if (effect.kind === 'cannot tell') {
          unclear.push({
            place,
            why: `whether ${advisory.id} is about ${about.purl} cannot be told: ${effect.why}`,
          });
        }
      }
    }
  });
  const notScanned = [...bill.notScanned, ...uncovered(bill.packages, database)];
  const gaps = [
    ...[...database.problems, ...unclear].map(
      ({ place, why }) => `the advisory ${place} cannot be used: ${why}`,
    ),
    ...notScanned.filter(({ isGap }) => isGap).map(({ what, why }) => `${what} was not scanned: ${why}`),
  ];
  return { findings: mergeFindings(found), packages: bill.packages.length, notScanned, gaps, database };
}

type Index = ReadonlyMap<string, readonly ScannedPackage[]>;

const NODE_REPOSITORY = /^https:\/\/github\.com\/nodejs\/node(\.git)?$/;

function packagesMeant({ package: about, ranges }: Affected, byName: Index): readonly ScannedPackage[] {
  if (!about) {
    const isNode = ranges.some(({ repo }) => repo !== undefined && NODE_REPOSITORY.test(repo));
    return isNode ? (byName.get('generic node') ?? []) : [];
  }
  const name = about.name.trim().toLowerCase();
  // Who writes its name otherwise means the same one.
  const [ecosystem = '', release] = about.ecosystem.trim().toLowerCase().split(':');
  switch (ecosystem) {
    case 'npm':
      return byName.get(`npm ${name}`) ?? [];
    case 'debian': {
      const named = byName.get(`Debian ${name}`) ?? [];
      // One that is not numbered may be any of them.
      const isNumbered = release !== undefined && /^\d+(\.\d+)?$/.test(release);
      return isNumbered ? named.filter((each) => each.release === release) : named;
    }
    default: {
      // Ecosystems have no name for programs without a package; Bitnami's is the one that has Node.js in it.
      const isGeneric = about.purl === `pkg:generic/${name}` || (ecosystem === 'bitnami' && name === 'node');
      return isGeneric ? (byName.get(`generic ${name}`) ?? []) : [];
    }
  }
}

/** An advisory of Debian about exactly one CVE is that CVE, though OSV does not call it an alias. */
function findingOf(
  advisory: Advisory,
  affected: Affected,
  about: ScannedPackage,
  fixed: string | null,
): Finding {
  const { id, aliases, upstream, summary } = advisory;
  const same = upstream.length === 1 ? [...aliases, ...upstream] : aliases;
  return {
    ...severityOf(advisory, affected),
    id,
    aliases: same,
    package: about,
    fixed,
    summary: summary ?? '',
  };
}

/** Without any advisory on a kind of package, finding none says nothing. */
function uncovered(packages: readonly ScannedPackage[], { ecosystems }: Database): readonly NotScanned[] {
  const kinds = Map.groupBy(packages, kindOf);
  return [...kinds].flatMap(([kind, { length }]) => {
    const [general = ''] = kind.split(':');
    if (kind === 'generic' || ecosystems.has(kind) || ecosystems.has(general)) return [];
    const count = length === 1 ? 'a package' : `${length} packages`;
    return [{ what: `${count} of ${kind}`, why: `the database has no advisories on ${kind}`, isGap: true }];
  });
}

function kindOf({ ecosystem, release }: ScannedPackage): string {
  return release === null ? ecosystem : `${ecosystem}:${release}`;
}
