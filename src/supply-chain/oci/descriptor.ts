import { z } from 'zod';
import { isDigest, type Digest } from './digest.ts';

/** A reference to content by its digest: what is called a descriptor in the OCI image specification. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly artifactType?: string | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

export const digest = z.custom<Digest>(isDigest, {
  error: 'must be "sha256:" and 64 lower-case hex digits',
});

/** Reads a descriptor from a manifest, an index or a list of referrers. */
export const descriptor = z.object({
  mediaType: z.string().min(1).max(255),
  digest,
  size: z.int().nonnegative(),
  artifactType: z.string().max(255).exactOptional(),
  annotations: z.record(z.string(), z.string()).exactOptional(),
});
