import type { Instant } from '../../core/time.ts';
import type { Digest } from '../oci/digest.ts';
import { LOCAL_BUILD_TYPE, LOCAL_BUILDER } from '../policy/own-identity.ts';

/** How `canary build` came to an image. */
export interface LocalBuild {
  readonly toolVersion: string;
  readonly startedAt: Instant;
  readonly finishedAt: Instant;
  /** What it was built from besides the directory: the image that its layers stand on. */
  readonly base: { readonly name: string; readonly digest: Digest } | null;
  /** What of the build is worth knowing: entrypoint, platform, version, time of the files. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/**
 * SLSA provenance 1 of an image that was built on this machine. Nobody asked for it from outside, so it has no external
 * parameters: what was chosen is told as internal ones.
 */
export function localProvenance({ toolVersion, startedAt, finishedAt, base, parameters }: LocalBuild) {
  return {
    buildDefinition: {
      buildType: LOCAL_BUILD_TYPE,
      externalParameters: {},
      internalParameters: parameters,
      resolvedDependencies:
        base === null
          ? []
          : [
              {
                name: base.name,
                uri: `oci://${base.name}`,
                digest: { sha256: base.digest.slice('sha256:'.length) },
              },
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
