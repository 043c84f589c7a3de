import path from 'node:path';
import type { LoadedConfig } from './load.ts';

/** The directory that holds everything canary keeps for this configuration. Absolute. */
export function stateDirectory({ config, file }: LoadedConfig): string {
  return path.resolve(path.dirname(file), config.state);
}
