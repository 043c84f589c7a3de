import type { ArchiveEntry } from '../image/layers/archive-entry.ts';
import { readAll } from '../oci/read-all.ts';
import { parseAlpinePackages } from './alpine-packages.ts';
import { parseDebianLicenses } from './debian-licenses.ts';
import { parseDebianPackages } from './debian-packages.ts';
import { parseDistribution } from './distribution.ts';
import type { Finding } from './finding.ts';
import { parseNpmHashes } from './npm-hashes.ts';
import { parsePackageJson } from './npm-package.ts';
import { readProgram } from './program.ts';

/** Reads one file that matters. Null when it turns out not to. */
export type Reader = (file: Pick<ArchiveEntry, 'size' | 'content'>) => Promise<Finding | null>;

const KILOBYTE = 1024;
const MEGABYTE = 1024 * KILOBYTE;

interface Interest {
  readonly path: RegExp;
  readonly read: Reader;
}

const packageJson = text(MEGABYTE, npmPackage);

/** The first that fits counts. */
const INTERESTS: readonly Interest[] = [
  { path: /(^|\/)node_modules\/\.package-lock\.json$/, read: text(64 * MEGABYTE, npmHashes) },
  { path: /(^|\/)node_modules\/(@[^/]+\/)?[^/@][^/]*\/package\.json$/, read: packageJson },
  // Those deeper inside a package are not packages: they only say how files are loaded.
  { path: /^(?!.*(^|\/)node_modules\/).*(^|\/)?package\.json$/, read: packageJson },
  { path: /^var\/lib\/dpkg\/(status|status\.d\/[^/]+)$/, read: text(32 * MEGABYTE, debianPackages) },
  { path: /^usr\/share\/doc\/[^/]+\/copyright$/, read: text(MEGABYTE, debianLicenses) },
  { path: /^(usr\/)?lib\/apk\/db\/installed$/, read: text(32 * MEGABYTE, alpinePackages) },
  { path: /^(etc|usr\/lib)\/os-release$/, read: text(64 * KILOBYTE, distribution) },
  { path: /^(var\/lib\/rpm|usr\/lib\/sysimage\/rpm)\/(Packages|Packages\.db|rpmdb\.sqlite)$/, read: rpm },
  { path: /(^|\/)bin\/(node|nodejs)$/, read: program('node') },
  { path: /^opt\/extensions\/lambda-adapter$/, read: program('aws-lambda-web-adapter') },
];

/** How the file at this path is read; null if it does not matter. */
export function readerFor(path: string): Reader | null {
  return INTERESTS.find((interest) => interest.path.test(path))?.read ?? null;
}

/** A file that is read whole, if it is not too large. */
function text(most: number, parse: (text: string) => Finding | null): Reader {
  return async ({ size, content }) => {
    if (size > most) return unreadable(`it has ${size} bytes, and no more than ${most} are read`);
    return parse((await readAll(content, most, 'a file of the image')).toString('utf8'));
  };
}

function npmPackage(content: string): Finding | null {
  const answer = parsePackageJson(content);
  switch (answer.kind) {
    case 'package':
      return { kind: 'npm package', package: answer.package };
    case 'unreadable':
      return unreadable(answer.why);
    case 'nothing':
      return null;
    default:
      return answer satisfies never;
  }
}

function npmHashes(content: string): Finding {
  const hashes = parseNpmHashes(content);
  return hashes === null ? unreadable('it is no list of npm packages') : { kind: 'npm hashes', hashes };
}

function debianPackages(content: string): Finding {
  const packages = parseDebianPackages(content);
  return packages === null
    ? unreadable('it has a package without a name or version as Debian has them')
    : { kind: 'debian packages', packages };
}

function debianLicenses(content: string): Finding {
  return { kind: 'debian licenses', licenses: parseDebianLicenses(content) };
}

function alpinePackages(content: string): Finding {
  const packages = parseAlpinePackages(content);
  return packages === null
    ? unreadable('it has a package without a name or version as Alpine has them')
    : { kind: 'alpine packages', packages };
}

function distribution(content: string): Finding | null {
  const found = parseDistribution(content);
  return found === null ? null : { kind: 'distribution', distribution: found };
}

async function rpm(): Promise<Finding> {
  return unreadable('packages of rpm are not supported');
}

/** Scripts that are called like a program are none. */
function program(name: string): Reader {
  return async ({ size, content }) => {
    const found = await readProgram(name, content);
    const isLarge = size >= MEGABYTE;
    return found.version === null && name === 'node' && !isLarge ? null : { kind: 'program', program: found };
  };
}

function unreadable(why: string): Finding {
  return { kind: 'unreadable', why };
}
