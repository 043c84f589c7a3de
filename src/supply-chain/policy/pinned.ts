import type { Descriptor } from '../oci/descriptor.ts';
import { isDigest, type Digest } from '../oci/digest.ts';
import type { ImageRepository } from '../oci/repository.ts';

/**
 * The repository, in which these manifests refer to the image whatever its list says: evidence that was used once is
 * fetched by its digest, and that it is gone is an error (`NOT_FOUND`) and not just one piece less. The list is read
 * as well, for what has come since.
 */
export function withPinned(repository: ImageRepository, pinned: readonly string[]): ImageRepository {
  const known = [...new Set(pinned)].filter(isDigest);
  if (known.length === 0) return repository;
  return {
    ...repository,
    async referrers(subject, signal) {
      const [listed, ...fetched] = await Promise.all([
        repository.referrers(subject, signal),
        ...known.map((digest) => describe(repository, digest, signal)),
      ]);
      const digests = listed.map(({ digest }) => digest);
      return [...listed, ...fetched.filter(({ digest }) => !digests.includes(digest))];
    },
  };
}

async function describe(
  repository: ImageRepository,
  digest: Digest,
  signal: AbortSignal | undefined,
): Promise<Descriptor> {
  const { mediaType, bytes } = await repository.manifest(digest, signal);
  return { mediaType, digest, size: bytes.length };
}
