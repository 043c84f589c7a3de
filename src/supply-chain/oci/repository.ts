import type { Descriptor } from './descriptor.ts';
import type { Digest } from './digest.ts';

/** A manifest as it is stored, byte by byte: its digest is that of these bytes. */
export interface RawManifest {
  readonly digest: Digest;
  /** What the registry says it is; the document says it once more, and both must agree. */
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** Content to be stored: opened when it is needed, and again when it has to be sent again. */
export interface Content {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  open(): AsyncIterable<Uint8Array>;
}

/**
 * One repository of images, and of what refers to them. Whatever comes out of it has been checked against its digest;
 * nothing is larger than it says. Rejects with `SupplyChainError`: `NOT_FOUND`, `DIGEST_MISMATCH`, `TOO_LARGE`,
 * `TOO_MANY_REFERRERS`, `UNAUTHORIZED`, `REGISTRY_UNAVAILABLE`, `REDIRECT_REFUSED`.
 */
export interface ImageRepository {
  /** Registry and repository, as people write them: `127.0.0.1:5000/podinfo`. */
  readonly name: string;
  /** The digest that a tag points to now. */
  resolve(tag: string, signal?: AbortSignal): Promise<Digest>;
  /** Tags, in order. */
  tags(signal?: AbortSignal): Promise<readonly string[]>;
  manifest(digest: Digest, signal?: AbortSignal): Promise<RawManifest>;
  /** The bytes of a blob, checked on their way: iterating fails at the end at the latest when they are not what they should be. */
  blob(descriptor: Descriptor, signal?: AbortSignal): AsyncIterable<Uint8Array>;
  /** Every manifest whose subject is that image, from all pages. Its order means nothing. */
  referrers(subject: Digest, signal?: AbortSignal): Promise<readonly Descriptor[]>;
  /** Stores a blob, unless it is there already. */
  putBlob(content: Content, signal?: AbortSignal): Promise<void>;
  /** Stores a manifest whose blobs are there, under its digest and, if given, a tag. Returns its digest. */
  putManifest(
    bytes: Uint8Array,
    mediaType: string,
    tag: string | null,
    signal?: AbortSignal,
  ): Promise<Digest>;
}

/** The largest manifest that is read or written; registries need not take larger ones (OCI distribution specification). */
export const LARGEST_MANIFEST = 4 * 1024 * 1024;

/** More manifests than this that refer to one image are a flood, not evidence: a year has 365 daily scans. */
export const MOST_REFERRERS = 512;

/** Content that is in memory. */
export function contentOf(bytes: Uint8Array, digest: Digest): Content {
  return {
    digest,
    size: bytes.length,
    async *open() {
      yield bytes;
    },
  };
}
