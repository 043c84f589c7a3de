/** `builder.id` and `buildType` of images that `canary` builds itself. */
export const LOCAL_BUILDER = 'https://canary-rollout.dev/builders/local/v1';
export const LOCAL_BUILD_TYPE = 'https://canary-rollout.dev/buildtypes/image/v1';

/** `verifier.id` of the engine's own verdicts. */
export const ENGINE_VERIFIER = 'https://canary-rollout.dev/engine/v1';

/** Field of our verdicts for what people overruled: one text for each, with who, why and until when. */
export const OVERRIDES = 'https://canary-rollout.dev/verdict/overrides/v1';

/** Field of our verdicts for what else there is to know of the rollout: among it what ran on each target. */
export const ROLLOUT = 'https://canary-rollout.dev/verdict/rollout/v1';

/** `verifiedLevels` of a verdict whose image was read back, by its digest, from every target that it was promoted on. */
export const READ_BACK_LEVEL = 'ROLLOUT_DIGEST_READ_BACK';
