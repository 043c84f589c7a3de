import { isDigest, type Digest } from '../../oci/digest.ts';
import { isRepositoryName, isTag } from '../../oci/reference.ts';
import { Refused } from './answer.ts';
import { isStorable } from './repository-directory.ts';

/** What a path of the OCI distribution API names. */
export type Route =
  | { readonly kind: 'version' }
  | { readonly kind: 'blob'; readonly repository: string; readonly digest: Digest }
  | { readonly kind: 'uploads'; readonly repository: string }
  | { readonly kind: 'upload'; readonly repository: string; readonly id: string }
  | { readonly kind: 'manifest'; readonly repository: string; readonly reference: string }
  | { readonly kind: 'tags'; readonly repository: string }
  | { readonly kind: 'referrers'; readonly repository: string; readonly subject: Digest };

const PATTERN =
  /^\/v2\/(?<repository>.+?)\/(?:blobs\/uploads\/(?<upload>[^/]*)|(?<kind>blobs|manifests|referrers)\/(?<reference>[^/]+)|(?<tags>tags\/list))$/;

/** Reads a path, still encoded. Throws `Refused`. */
export function parseRoute(path: string): Route {
  if (path === '/v2/' || path === '/v2') return { kind: 'version' };
  const found = PATTERN.exec(decoded(path))?.groups;
  if (found === undefined) throw new Refused(404, 'UNSUPPORTED', 'there is nothing at this address');
  const { repository = '', upload, kind, reference = '' } = found;
  if (!isRepositoryName(repository) || !isStorable(repository)) {
    throw new Refused(400, 'NAME_INVALID', 'this is not the name of a repository');
  }
  if (upload !== undefined) {
    return upload === '' ? { kind: 'uploads', repository } : { kind: 'upload', repository, id: upload };
  }
  if (kind === 'blobs') return { kind: 'blob', repository, digest: digestIn(reference) };
  if (kind === 'referrers') return { kind: 'referrers', repository, subject: digestIn(reference) };
  if (kind === 'manifests') return { kind: 'manifest', repository, reference: referenceIn(reference) };
  return { kind: 'tags', repository };
}

/** The digest in an address or a parameter. Throws `Refused`. */
export function digestIn(text: string | null): Digest {
  if (isDigest(text)) return text;
  throw new Refused(400, 'DIGEST_INVALID', 'a digest must be "sha256:" and 64 lower-case hex digits');
}

function referenceIn(text: string): string {
  if (text.includes(':')) return digestIn(text);
  if (isTag(text)) return text;
  throw new Refused(400, 'MANIFEST_INVALID', 'this is neither a tag nor a digest');
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (cause) {
    throw new Refused(400, 'NAME_INVALID', 'the address is not encoded as it must be', { cause });
  }
}
