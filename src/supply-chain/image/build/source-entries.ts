import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { SupplyChainError } from '../../error.ts';
import { ignoreRules, type IgnoreRules } from './ignore-rules.ts';
import type { LayerEntry } from './layer-entry.ts';
import { walk } from './walk.ts';

/** What of a directory goes into an image, and what stays out. */
export interface Source {
  readonly entries: readonly LayerEntry[];
  readonly ignores: IgnoreRules['ignores'];
}

/** The service itself, without what .dockerignore and common sense leave out. Throws `UNBUILDABLE`. */
export async function readSource(directory: string, at: string): Promise<Source> {
  const { ignores, enters } = ignoreRules(await readIgnoreFile(path.join(directory, '.dockerignore')));
  return { entries: await walk(directory, { at, wants: (file) => !ignores(file), enters }), ignores };
}

async function readIgnoreFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return '';
    throw new SupplyChainError('UNBUILDABLE', `${file} cannot be read`, { cause });
  }
}
