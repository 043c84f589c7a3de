import semver from 'semver';
import { z } from 'zod';

/** A package of npm, by its own word. */
export interface NpmPackage {
  /** With its scope: `@scope/name`. */
  readonly name: string;
  /** A semantic version. */
  readonly version: string;
  readonly license: string | null;
}

const packageJson = z.object({ name: z.string().optional(), version: z.string().optional() });
const license = z.object({
  license: z.union([z.string(), z.object({ type: z.string() })]).optional(),
  licenses: z.array(z.object({ type: z.string() })).optional(),
});

/** As npm has allowed them at some time: capitals are no longer, and are in old packages. */
const NAME = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~_-][a-z0-9._~!'()*-]*$/i;
const LONGEST_NAME = 214;

/** What a package.json says: a package, nothing (files without a name mark directories only), or something unusable. */
export type NpmAnswer =
  | { readonly kind: 'package'; readonly package: NpmPackage }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unreadable'; readonly why: string };

export function parsePackageJson(text: string): NpmAnswer {
  let document: unknown;
  try {
    document = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return { kind: 'unreadable', why: 'it is no JSON' };
  }
  const said = packageJson.safeParse(document);
  if (!said.success) return { kind: 'unreadable', why: 'its name or version is no text' };
  const { name, version } = said.data;
  if (name === undefined || version === undefined) return { kind: 'nothing' };
  if (name.length > LONGEST_NAME || !NAME.test(name)) {
    return { kind: 'unreadable', why: 'its name cannot be that of a package' };
  }
  const parsed = semver.parse(version, { loose: true });
  if (parsed === null) return { kind: 'unreadable', why: 'its version is no semantic version' };
  const exact = semver.parse(version) === null ? parsed.version : version.trim();
  return { kind: 'package', package: { name, version: exact, license: licenseIn(document) } };
}

/** Several licenses in the form of old packages are a choice. */
function licenseIn(document: unknown): string | null {
  const said = license.safeParse(document);
  if (!said.success) return null;
  const { license: one, licenses: many = [] } = said.data;
  if (one !== undefined) return typeof one === 'string' ? one : one.type;
  return many.length === 0 ? null : many.map(({ type }) => type).join(' OR ');
}
