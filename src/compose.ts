/**
 * Puts implementations together. This file and the folder beside it are the only ones that know them all.
 */
export { composeEngine, openStore } from './compose/engine.ts';
export { type ImageAccess, openImageRepository, verifyImage } from './compose/images.ts';
export * from './compose/local-targets.ts';
