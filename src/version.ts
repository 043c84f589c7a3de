import { createRequire } from 'node:module';
import { z } from 'zod';

/** The version of canary-rollout, from its package. */
export const VERSION = z
  .object({ version: z.string() })
  .parse(createRequire(import.meta.url)('../package.json')).version;
