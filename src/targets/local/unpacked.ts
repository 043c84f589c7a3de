import path from 'node:path';
import { z } from 'zod';
import type { ImageArtifact, Release } from '../../core/release.ts';
import { TargetError } from '../target.ts';

/**
 * An image whose layers were verified and unpacked on this machine, and what its configuration says of running it. Its own
 * paths are as they are inside the image.
 */
export const unpacked = z.object({
  kind: z.literal('files'),
  /** Digest of the manifest whose layers were unpacked: read from it, not taken from what was asked for. */
  image: z.string(),
  /** Root of its file system. Absolute. */
  directory: z.string(),
  /** File that lists everything in the directory, and the digest of that list. Absolute. */
  record: z.string(),
  treeDigest: z.string(),
  /** Entrypoint and command in one; empty when the image says neither. */
  words: z.array(z.string()).readonly(),
  workingDirectory: z.string(),
  env: z.record(z.string(), z.string()),
  /** The part of the image that is the program itself: arguments below it are files of the image. */
  appRoot: z.string(),
});

export type Unpacked = z.infer<typeof unpacked>;

/** An image in an OCI layout on this machine, from where a container engine takes it. */
export const stored = z.object({
  kind: z.literal('layout'),
  /** Digest of its manifest. */
  image: z.string(),
  /** Digest of its configuration, which names all that is in it: the same for images that differ in annotations only. */
  config: z.string(),
  /** The layout. Absolute. */
  directory: z.string(),
  /** Who it says to run it as; empty when it does not say. */
  user: z.string(),
});

export type Stored = z.infer<typeof stored>;

/** An image on this machine, in the form in which its releases are run. */
export const localImage = z.discriminatedUnion('kind', [unpacked, stored]);

export type LocalImage = z.infer<typeof localImage>;

/** A release that is an image. */
export type ImageRelease = Release & { readonly artifact: ImageArtifact };

/**
 * Brings a release's image to this machine, into a directory named by its digest (64 hex digits) inside `directory`; one
 * that is there already, whole and unchanged, is taken as it is, one that was changed is set aside. May take minutes. Rejects with a `TargetError` of code
 * `refused` when another try would end the same way, and with anything else when it is worth one.
 */
export type BringRelease<Image extends LocalImage = LocalImage> = (
  release: ImageRelease,
  directory: string,
  signal: AbortSignal,
) => Promise<Image>;

/** How images come to this machine. */
export interface ImageSource {
  /** For processes: its files are unpacked. */
  readonly unpack: BringRelease<Unpacked>;
  /** For containers: its blobs are stored as they are. */
  readonly store: BringRelease<Stored>;
}

/** For a target that is only given commands. */
export const NO_IMAGES: ImageSource = { unpack: bringNothing, store: bringNothing };

async function bringNothing({ name }: Release): Promise<never> {
  throw new TargetError('refused', `${name} is an image, and nothing here can fetch images`);
}

/** Whether the release is an image. */
export function isImage(release: Release): release is ImageRelease {
  return release.artifact.kind === 'image';
}

/** Whether the image of a release that is kept has to come anew, and can: nothing is done to files that a process works with. */
export function isToBeBrought(kept: { readonly damage: string | null; readonly isAtWork: boolean }): boolean {
  return kept.damage !== null && !kept.isAtWork;
}

/** Where in the directory the image of that digest has its place. */
export function imagePlace(directory: string, digest: string): string {
  return path.join(directory, digest.replace(/^sha256:/, ''));
}
