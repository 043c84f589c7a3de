import { PackageURL } from 'packageurl-js';
import { hexOf } from '../oci/digest.ts';
import type { JudgedImage } from './assessment.ts';

/**
 * Whether an identifier of a product stands for this image: it names its digest, or it is a package URL of type `oci`
 * with exactly its repository and no digest of another one.
 */
export function isProductOf(id: string, { repository, digest }: JudgedImage): boolean {
  if (id === digest || id === hexOf(digest) || id === `${repository}@${digest}`) return true;
  const purl = parsePurl(id);
  if (purl === null || purl.type !== 'oci') return false;
  if (purl.version === digest) return true;
  const isSameRepository = purl.qualifiers?.['repository_url']?.toLowerCase() === repository.toLowerCase();
  return isSameRepository && (purl.version === undefined || purl.version === null || purl.version === '');
}

function parsePurl(text: string): PackageURL | null {
  try {
    return PackageURL.fromString(text);
  } catch {
    return null;
  }
}
