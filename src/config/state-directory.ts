import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { LoadedConfig } from './load.ts';
import { ConfigError } from './problems.ts';

/** The directory that holds everything canary keeps for this configuration. Absolute. */
export function stateDirectory({ config, file }: LoadedConfig): string {
  return path.resolve(path.dirname(file), config.state);
}

/** Where canary keeps its things when no configuration says it. */
export const USUAL_STATE = '.canary';

/** Makes the state directory, for its owner only, and keeps it out of git. One that others have made may be the project's. */
export function makeStateDirectory(directory: string): void {
  try {
    const isMade = mkdirSync(directory, { recursive: true, mode: 0o700 }) !== undefined;
    const file = path.join(directory, '.gitignore');
    const isOurs = isMade || path.basename(directory) === USUAL_STATE;
    if (isOurs && !existsSync(file)) writeFileSync(file, '*\n');
  } catch (cause) {
    throw new ConfigError('unreadable', `${directory} cannot be written; check its permissions.`, [], {
      cause,
    });
  }
}
