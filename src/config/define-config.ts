import type { ConfigInput } from './config-schema.ts';

/** Gives a configuration written in TypeScript its types. Returns it as it is; `canary` checks it when it reads it. */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config;
}
