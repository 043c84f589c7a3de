import type { Instant } from '../../core/time.ts';
import { inspectImage } from '../image/inspect-image.ts';
import type { Digest } from '../oci/digest.ts';
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

/**
 * Makes the bill of materials of an image from its layers. Throws what `inspectImage` and `applyLayers` throw.
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
  const image = await inspectImage(repository, digest, null, signal);
  const found = componentsOf(await imageFindings(repository, image, undefined, signal));
  const { architecture } = image.config;
  const document = cycloneDx({ repository: repository.name, digest, architecture, toolVersion, at }, found);
  return { ...found, document, bytes: Buffer.from(`${JSON.stringify(document, null, 2)}\n`) };
}
