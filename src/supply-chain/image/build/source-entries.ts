import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { SupplyChainError } from '../../error.ts';
import { ignoreRules } from './ignore-rules.ts';
import type { LayerEntry } from './layer-entry.ts';
import { walk } from './walk.ts';

/** The service itself, without what .dockerignore and common sense leave out. Throws `UNBUILDABLE`. */
export async function sourceEntries(directory: string, at: string): Promise<readonly LayerEntry[]> {
  const rules = ignoreRules(await readIgnoreFile(path.join(directory, '.dockerignore')));
  return walk(directory, { at, wants: (file) => !rules.ignores(file), enters: rules.enters });
}

async function readIgnoreFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return '';
    throw new SupplyChainError('UNBUILDABLE', `${file} cannot be read`, { cause });
  }
}
