import { inspectImage, type InspectedImage } from '../image/inspect-image.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageRepository } from '../oci/repository.ts';

/**
 * Copies an image from one repository to another, byte by byte and so with the same digest; everything is checked against
 * its digest on the way, and what is there already is left alone. What refers to the image stays behind. Returns
 * what it is. Throws what `inspectImage` and the repositories throw.
 */
export async function copyImage(
  from: ImageRepository,
  to: ImageRepository,
  digest: Digest,
  signal?: AbortSignal,
): Promise<InspectedImage> {
  const image = await inspectImage(from, digest, null, signal);
  for (const blob of [...image.manifest.layers, image.manifest.config]) {
    await to.putBlob({ ...blob, open: () => from.blob(withoutNotes(blob), signal) }, signal);
  }
  const { bytes, mediaType } = await from.manifest(digest, signal);
  await to.putManifest(bytes, mediaType, null, signal);
  return image;
}

function withoutNotes({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}
