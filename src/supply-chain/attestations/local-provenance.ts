import type { Instant } from '../../core/time.ts';
import type { Ingredients } from '../image/build/build-image.ts';
import type { SourceState } from '../image/source/source-state.ts';
import type { Digest } from '../oci/digest.ts';
import { LOCAL_BUILD_TYPE, LOCAL_BUILDER } from '../policy/own-identity.ts';

/** How `canary build` came to an image. */
export interface LocalBuild {
  readonly toolVersion: string;
  readonly startedAt: Instant;
  readonly finishedAt: Instant;
  /** The image that its layers stand on. */
  readonly base: { readonly name: string; readonly digest: Digest } | null;
  readonly ingredients: Ingredients;
  /** What of the build is worth knowing: entrypoint, platform, version, time of the files. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/**
 * SLSA provenance 1 of an image that was built on this machine. Nobody asked for it from outside, so it has no external
 * parameters: what was chosen is told as internal ones. What went in is told by digest. A commit is only told as that when
 * it has every file that went in, or was told to ignore it.
 */
export function localProvenance({
  toolVersion,
  startedAt,
  finishedAt,
  base,
  ingredients: { source, lock },
  parameters,
}: LocalBuild) {
  return {
    buildDefinition: {
      buildType: LOCAL_BUILD_TYPE,
      externalParameters: {},
      internalParameters: source === null ? parameters : { ...parameters, git: gitOf(source) },
      resolvedDependencies: [
        ...(source === null || source.changed.length > 0 ? [] : [sourceDependency(source)]),
        ...(lock === null ? [] : [{ name: lock.name, digest: digestSet(lock.digest) }]),
        ...(base === null
          ? []
          : [{ name: base.name, uri: `oci://${base.name}`, digest: digestSet(base.digest) }]),
      ],
    },
    runDetails: {
      builder: { id: LOCAL_BUILDER, version: { 'canary-rollout': toolVersion } },
      metadata: {
        startedOn: new Date(startedAt).toISOString(),
        finishedOn: new Date(finishedAt).toISOString(),
      },
    },
  };
}

/** Whether the files were as they were committed, and how many were not. */
function gitOf({ commit, ref, repository, changed, generated }: SourceState) {
  return {
    state: changed.length === 0 ? 'clean' : 'dirty',
    commit,
    ref,
    repository,
    changedFiles: changed.length,
    generatedFiles: generated.length,
  };
}

/** The address as in SPDX and as GitHub writes it: `git+https://example.com/acme/shop@refs/heads/main`. */
function sourceDependency({ commit, ref, repository }: SourceState) {
  const uri = repository === null ? {} : { uri: `git+${repository}${ref === null ? '' : `@${ref}`}` };
  return { name: 'source', ...uri, digest: { gitCommit: commit } };
}

function digestSet(digest: Digest) {
  return { sha256: digest.slice('sha256:'.length) };
}
