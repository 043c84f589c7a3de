import path from 'node:path';
import { hexOf, type Digest } from '../oci/digest.ts';

/** The files of an OCI image layout. */
export interface LayoutPaths {
  readonly marker: string;
  readonly index: string;
  readonly blobs: string;
  /** Files that are being written, beside those that are whole. */
  readonly unfinished: string;
  readonly lock: string;
  blob(digest: Digest): string;
}

export function layoutPaths(directory: string): LayoutPaths {
  const blobs = path.join(directory, 'blobs', 'sha256');
  return {
    marker: path.join(directory, 'oci-layout'),
    index: path.join(directory, 'index.json'),
    blobs,
    unfinished: path.join(directory, 'unfinished'),
    lock: path.join(directory, 'index.lock'),
    blob: (digest) => path.join(blobs, hexOf(digest)),
  };
}
