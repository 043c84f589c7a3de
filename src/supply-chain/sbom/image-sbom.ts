import type { Instant } from '../../core/time.ts';
import { SupplyChainError } from '../error.ts';
import type { Digest } from '../oci/digest.ts';
import { parseImageConfig } from '../oci/image-config.ts';
import { parseManifest } from '../oci/manifest.ts';
import { readAll } from '../oci/read-all.ts';
import type { ImageRepository } from '../oci/repository.ts';
import { componentsOf, type ImageComponents } from './components.ts';
import { type BillOfMaterials, cycloneDx } from './cyclonedx.ts';
import { imageFindings } from './image-findings.ts';

/** The predicate type of a bill of materials in an attestation. */
export const SBOM_PREDICATE = 'https://cyclonedx.org/bom';

/** A bill of materials, and what it was made from. */
export interface ImageSbom extends ImageComponents {
  readonly document: BillOfMaterials;
  /** The document as it is stored and signed, in UTF-8. The same image comes to the same bytes. */
  readonly bytes: Buffer;
}

const LARGEST_CONFIG = 4 * 1024 * 1024;

/**
 * Makes the bill of materials of an image from its layers. Throws what the repository throws, `MALFORMED_IMAGE`,
 * `INDEX_NOT_ALLOWED`, `MEDIATYPE_CONFUSION`, `UNSAFE_LAYER`, `TOO_LARGE`.
 */
export async function imageSbom(
  repository: ImageRepository,
  digest: Digest,
  {
    toolVersion,
    at = null,
    signal,
  }: {
    readonly toolVersion: string;
    readonly at?: Instant | null;
    readonly signal?: AbortSignal;
  },
): Promise<ImageSbom> {
  const manifest = parseManifest(await repository.manifest(digest, signal));
  if (manifest.config.size > LARGEST_CONFIG) {
    throw new SupplyChainError(
      'TOO_LARGE',
      `the configuration of ${digest} has ${manifest.config.size} bytes`,
    );
  }
  const { architecture } = parseImageConfig(
    await readAll(repository.blob(manifest.config, signal), LARGEST_CONFIG, 'the configuration of the image'),
  );
  const found = componentsOf(await imageFindings(repository, manifest.layers, undefined, signal));
  const document = cycloneDx({ repository: repository.name, digest, architecture, toolVersion, at }, found);
  return { ...found, document, bytes: Buffer.from(`${JSON.stringify(document, null, 2)}\n`) };
}
