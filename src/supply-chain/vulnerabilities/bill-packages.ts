import { PackageURL } from 'packageurl-js';
import { z } from 'zod';
import { SupplyChainError } from '../error.ts';
import type { Digest } from '../oci/digest.ts';
import { compareDebianVersions } from './debian-version.ts';
import type { NotScanned, ScannedPackage } from './scanned-package.ts';
import { semanticOrder } from './version-order.ts';

const component = z.object({
  type: z.string().max(64),
  name: z.string().max(1024),
  purl: z.string().max(2048).optional(),
  components: z.array(z.unknown()).default([]),
});

const bill = z.object({
  bomFormat: z.literal('CycloneDX'),
  metadata: z
    .object({
      component: z.object({ version: z.string().optional(), purl: z.string().optional() }).optional(),
      properties: z.array(z.object({ name: z.string(), value: z.string().optional() })).optional(),
    })
    .optional(),
  components: z.array(z.unknown()).default([]),
});

const MOST_COMPONENTS = 200_000;

type BillComponent = z.infer<typeof component>;

/** What a bill of materials has that can be scanned, and what not. */
export interface BillPackages {
  readonly packages: readonly ScannedPackage[];
  readonly notScanned: readonly NotScanned[];
}

/**
 * Takes the packages from a bill of materials in CycloneDX, ours or that of another tool. It must say that it is of this
 * image. Throws `SCAN_FAILED`, `SUBJECT_MISMATCH`.
 */
export function billPackages(document: unknown, image: Digest): BillPackages {
  const parsed = bill.safeParse(document);
  if (!parsed.success) {
    throw new SupplyChainError(
      'SCAN_FAILED',
      `the bill of materials is not CycloneDX in JSON: ${z.prettifyError(parsed.error).slice(0, 500)}`,
    );
  }
  const { metadata, components } = parsed.data;
  requireSubject(metadata?.component, image);
  const answers = flat(components).map(packageOf);
  const unreadable = (metadata?.properties ?? []).filter(({ name }) => name === 'canary-rollout:unreadable');
  return {
    packages: answers.flatMap((answer) => (answer !== null && 'purl' in answer ? [answer] : [])),
    notScanned: [
      ...unreadable.map(({ value = '' }) => ({
        what: value,
        why: 'a file of the image that cannot be read',
        isGap: true,
      })),
      ...answers.flatMap((answer) => (answer !== null && 'why' in answer ? [answer] : [])),
    ],
  };
}

function requireSubject(
  subject: { version?: string | undefined; purl?: string | undefined } | undefined,
  image: Digest,
) {
  const names = [subject?.version, parsePurl(subject?.purl ?? '')?.version];
  if (names.includes(image)) return;
  throw new SupplyChainError(
    'SUBJECT_MISMATCH',
    `the bill of materials does not say that it is of ${image}: its metadata.component must have the digest as its version`,
  );
}

/** Components and those within them. Without recursion, as nobody limits how deep they are. */
function flat(documents: readonly unknown[]): readonly BillComponent[] {
  const waiting = [...documents];
  const found: BillComponent[] = [];
  for (let document = waiting.pop(); document !== undefined; document = waiting.pop()) {
    const parsed = component.safeParse(document);
    if (!parsed.success || found.length >= MOST_COMPONENTS) {
      const why = parsed.success ? 'too many components' : z.prettifyError(parsed.error).slice(0, 300);
      throw new SupplyChainError('SCAN_FAILED', `the bill of materials cannot be used: ${why}`);
    }
    found.push(parsed.data);
    for (const inner of parsed.data.components) waiting.push(inner);
  }
  return found;
}

/** Null for what is no package: files, and the distribution itself. */
function packageOf({ type, name, purl: text }: BillComponent): ScannedPackage | NotScanned | null {
  if (text === undefined) {
    const isPackage = type !== 'operating-system' && type !== 'file';
    const isGap = type === 'library' || type === 'framework';
    return isPackage ? { what: name, why: 'it has no package URL', isGap } : null;
  }
  const purl = parsePurl(text);
  if (purl === null) return { what: text, why: 'its package URL is malformed', isGap: true };
  switch (purl.type) {
    case 'npm':
      return npmPackage(text, purl);
    case 'deb':
      return debianPackage(text, purl);
    case 'generic':
      return genericPackage(text, purl);
    default:
      return { what: text, why: `packages of type ${purl.type} are not scanned`, isGap: true };
  }
}

function npmPackage(text: string, purl: PackageURL): ScannedPackage | NotScanned {
  const name = [purl.namespace, purl.name].filter(Boolean).join('/');
  const version = purl.version ?? '';
  if (semanticOrder(version, version) === null) return unusable(text);
  return {
    purl: text,
    title: name,
    installed: version,
    ecosystem: 'npm',
    name: name.toLowerCase(),
    version,
    release: null,
  };
}

/** Advisories are about source packages: Syft's qualifier `upstream` says which, when it is called otherwise. */
function debianPackage(text: string, purl: PackageURL): ScannedPackage | NotScanned {
  if (purl.namespace !== 'debian') {
    return {
      what: text,
      why: `packages of ${purl.namespace ?? 'an unknown distribution'} are not scanned`,
      isGap: true,
    };
  }
  const release = /^(?:debian-)?(\d+)/.exec(purl.qualifiers?.['distro'] ?? '')?.[1];
  if (release === undefined) {
    return { what: text, why: 'it does not say of which release of Debian it is', isGap: true };
  }
  const [name = purl.name, sourceVersion] = (purl.qualifiers?.['upstream'] ?? '').split('@').filter(Boolean);
  const installed = purl.version ?? '';
  const version = sourceVersion ?? installed;
  if (compareDebianVersions(version, installed) === null) return unusable(text);
  return {
    purl: text,
    title: purl.name,
    installed,
    ecosystem: 'Debian',
    name: name.toLowerCase(),
    version,
    release,
  };
}

function genericPackage(text: string, purl: PackageURL): ScannedPackage | NotScanned {
  const version = purl.version ?? '';
  if (semanticOrder(version, version) === null) {
    return { what: text, why: 'its version is not known', isGap: false };
  }
  return {
    purl: text,
    title: purl.name,
    installed: version,
    ecosystem: 'generic',
    name: purl.name.toLowerCase(),
    version,
    release: null,
  };
}

function unusable(what: string): NotScanned {
  return { what, why: 'its version cannot be compared with others', isGap: true };
}

function parsePurl(text: string): PackageURL | null {
  try {
    return PackageURL.fromString(text);
  } catch {
    return null;
  }
}
