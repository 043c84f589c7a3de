import { createHash } from 'node:crypto';
import { PackageURL } from 'packageurl-js';
import type { Instant } from '../../core/time.ts';
import type { Digest } from '../oci/digest.ts';
import type { Component } from './component.ts';
import type { ImageComponents } from './components.ts';
import type { License } from './license.ts';

/** Which image a bill of materials is of, and what made it. */
export interface BillOrigin {
  /** Registry and repository: `registry/podinfo`. */
  readonly repository: string;
  readonly digest: Digest;
  readonly architecture: string;
  /** Version of canary-rollout. */
  readonly toolVersion: string;
  /** When it was made; null to say nothing, so that the same image comes to the same bytes. */
  readonly at: Instant | null;
}

/** A bill of materials as CycloneDX 1.6 has it (https://cyclonedx.org/docs/1.6/json/), in plain JSON. */
export type BillOfMaterials = ReturnType<typeof cycloneDx>;

/** Writes the bill of materials of an image. The same image comes to the same document, whatever it is called. */
export function cycloneDx(origin: BillOrigin, { components, unreadable }: ImageComponents) {
  const image = imageComponent(origin);
  const named = components.map((component) => ({ component, reference: referenceOf(component) }));
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: serialNumber(origin.digest),
    version: 1,
    metadata: {
      ...(origin.at === null ? {} : { timestamp: new Date(origin.at).toISOString() }),
      tools: {
        components: [{ type: 'application', name: 'canary-rollout', version: origin.toolVersion }],
      },
      component: image,
      ...(unreadable.length === 0
        ? {}
        : {
            properties: unreadable.map(({ path, why }) => ({
              name: 'canary-rollout:unreadable',
              value: `/${path}: ${why}`,
            })),
          }),
    },
    components: named.map(({ component, reference }) => componentDocument(component, reference)),
    dependencies: [{ ref: image['bom-ref'], dependsOn: named.map(({ reference }) => reference) }],
    compositions: [
      {
        aggregate: unreadable.length === 0 ? 'unknown' : 'incomplete',
        assemblies: [image['bom-ref']],
      },
    ],
  };
}

/** A UUID of version 8 (RFC 9562): of our own making, from the digest of the image. */
function serialNumber(digest: Digest): string {
  const hex = createHash('sha256').update(`canary-rollout sbom ${digest}`).digest('hex');
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`];
  return `urn:uuid:${[...parts, hex.slice(20, 32)].join('-')}`;
}

function imageComponent({ repository, digest, architecture }: BillOrigin) {
  const name = repository.slice(repository.lastIndexOf('/') + 1);
  const qualifiers = { arch: architecture, repository_url: repository };
  const purl = new PackageURL('oci', null, name, digest, qualifiers, null).toString();
  return { type: 'container', 'bom-ref': purl, name: repository, version: digest, purl };
}

/** Two programs of the same name and version are told apart by their hashes. */
function referenceOf({ type, name, version, purl, hashes }: Component): string {
  if (purl === null) return `${name}@${version ?? ''}`;
  return type === 'application' ? `${purl}#${hashes[0]?.hex ?? ''}` : purl;
}

function componentDocument(component: Component, reference: string) {
  const { type, group, name, version, purl, cpe, licenses, hashes, locations } = component;
  return {
    type,
    'bom-ref': reference,
    ...(group === null ? {} : { group }),
    name,
    ...(version === null ? {} : { version }),
    ...(hashes.length === 0
      ? {}
      : { hashes: hashes.map(({ algorithm, hex }) => ({ alg: algorithm, content: hex })) }),
    ...(licenses.length === 0 ? {} : { licenses: licenseDocuments(licenses) }),
    ...(cpe === null ? {} : { cpe }),
    ...(purl === null ? {} : { purl }),
    ...(locations.length === 0
      ? {}
      : { evidence: { occurrences: locations.map((location) => ({ location: `/${location}` })) } }),
  };
}

/** An expression must stand alone; among others it is only a name. */
function licenseDocuments(licenses: readonly License[]) {
  return licenses.map((license) => {
    switch (license.kind) {
      case 'id':
        return { license: { id: license.id } };
      case 'name':
        return { license: { name: license.name } };
      case 'expression':
        return licenses.length === 1
          ? { expression: license.expression }
          : { license: { name: license.expression } };
      default:
        return license satisfies never;
    }
  });
}
