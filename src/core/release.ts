/** A program that is started as it stands: argv, environment and working directory. */
export interface CommandArtifact {
  readonly kind: 'command';
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  /** Absolute path. */
  readonly cwd: string;
}

/** A container image. Which one of its repository, the release's digest says. */
export interface ImageArtifact {
  readonly kind: 'image';
  /** Registry and repository, without tag and digest: `127.0.0.1:5000/podinfo`, `registry/podinfo`. */
  readonly repository: string;
  /** Environment variables besides those of the image. */
  readonly env: Readonly<Record<string, string>>;
}

/** What a release consists of. */
export type Artifact = CommandArtifact | ImageArtifact;

/**
 * One version of the service as it is deployed. `name` is what people call it; `digest` identifies exactly what
 * runs (`sha256:` and 64 hex digits) and is what is compared, blocked and read back. Of an image it is the digest of
 * its manifest.
 */
export interface Release {
  readonly name: string;
  readonly digest: string;
  readonly artifact: Artifact;
}

/** Whether both are the same release, or both are none. */
export function sameRelease(a: Release | null, b: Release | null): boolean {
  return a?.digest === b?.digest;
}

/** The name, or words for "there is none". */
export function nameOf(release: Release | null): string {
  return release?.name ?? 'no release';
}
