import type { AlpinePackage } from './alpine-packages.ts';
import type { DebianPackage } from './debian-packages.ts';
import type { Distribution } from './distribution.ts';
import type { License } from './license.ts';
import type { NpmPackage } from './npm-package.ts';

/** A program that is in the image as one file, and which one it is. */
export interface Program {
  readonly name: string;
  /** Null if the file does not say. */
  readonly version: string | null;
  /** 64 hex digits. */
  readonly sha256: string;
}

/** What one file of an image says about what is in it. */
export type Finding =
  | { readonly kind: 'distribution'; readonly distribution: Distribution }
  | { readonly kind: 'debian packages'; readonly packages: readonly DebianPackage[] }
  | { readonly kind: 'debian licenses'; readonly licenses: readonly License[] }
  | { readonly kind: 'alpine packages'; readonly packages: readonly AlpinePackage[] }
  | { readonly kind: 'npm package'; readonly package: NpmPackage }
  /** By the path of the directory that each was installed in, from where the list is: SHA-512 of its archive, hex. */
  | { readonly kind: 'npm hashes'; readonly hashes: ReadonlyMap<string, string> }
  | { readonly kind: 'program'; readonly program: Program }
  /** It should say something, and cannot be used. */
  | { readonly kind: 'unreadable'; readonly why: string };
