/** `builder.id` and `buildType` of images that `canary` builds itself. */
export const LOCAL_BUILDER = 'https://canary-rollout.dev/builders/local/v1';
export const LOCAL_BUILD_TYPE = 'https://canary-rollout.dev/buildtypes/image/v1';

/** `verifier.id` of the engine's own verdicts. */
export const ENGINE_VERIFIER = 'https://canary-rollout.dev/engine/v1';
