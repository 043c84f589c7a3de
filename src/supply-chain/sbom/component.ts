import type { License } from './license.ts';

/** Something that an image is made of. */
export interface Component {
  readonly type: 'library' | 'application' | 'operating-system';
  /** Scope of an npm package, with its `@`; null for all others. */
  readonly group: string | null;
  readonly name: string;
  readonly version: string | null;
  /** Package URL; null for a distribution, which is none. */
  readonly purl: string | null;
  /** Name by which the national vulnerability database knows it. */
  readonly cpe: string | null;
  readonly licenses: readonly License[];
  readonly hashes: readonly { readonly algorithm: 'SHA-256' | 'SHA-512'; readonly hex: string }[];
  /** Paths in the image of the files that say so, in order. */
  readonly locations: readonly string[];
}
