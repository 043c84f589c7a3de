import { controlParagraphs, type Paragraph } from './control-paragraphs.ts';

/** A package that dpkg has installed. */
export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string | null;
  /** The source package that it was built from, which is what advisories are about. */
  readonly source: { readonly name: string; readonly version: string };
}

/** Of Debian's policy manual, 5.6.1 and 5.6.12. */
const NAME = /^[a-z0-9][a-z0-9+.-]+$/;
const VERSION = /^(?:\d+:)?[0-9][A-Za-z0-9.+:~-]*$/;

/**
 * Reads dpkg's list of packages, or one file of `status.d` as images without dpkg have it. Packages that are not
 * installed are left out. Null if it holds a package that cannot be understood: then nothing is known about the rest.
 */
export function parseDebianPackages(text: string): readonly DebianPackage[] | null {
  const packages: DebianPackage[] = [];
  for (const fields of controlParagraphs(text)) {
    if (!isInstalled(fields)) continue;
    const found = packageOf(fields);
    if (found === null) return null;
    packages.push(found);
  }
  return packages;
}

/** Files of `status.d` do not say: what is there is installed. */
function isInstalled(fields: Paragraph): boolean {
  const status = fields.get('status');
  return status === undefined || !/ (not-installed|config-files)$/.test(status);
}

function packageOf(fields: Paragraph): DebianPackage | null {
  const name = fields.get('package') ?? '';
  const version = fields.get('version') ?? '';
  const source = /^(\S+)(?:\s+\(([^()\s]+)\))?$/.exec(fields.get('source') ?? name);
  const sourceName = source?.[1] ?? '';
  const sourceVersion = source?.[2] ?? version;
  const isWell =
    [name, sourceName].every((each) => isName(each)) && [version, sourceVersion].every(isVersion);
  if (!isWell) return null;
  const architecture = fields.get('architecture') ?? null;
  return { name, version, architecture, source: { name: sourceName, version: sourceVersion } };
}

function isName(text: string): boolean {
  return text.length <= 200 && NAME.test(text);
}

function isVersion(text: string): boolean {
  return text.length <= 200 && VERSION.test(text);
}
