import { constants, type Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { SupplyChainError } from '../error.ts';

/**
 * Opens a file to read it. Whoever may write to the directory could put a pipe in its place, which is waited for without
 * end, by a thread that nothing can call back. Throws `MALFORMED_IMAGE` for all that is no file.
 */
export async function openPlainFile(file: string): Promise<FileHandle> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    requireFile(file, await handle.stat());
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function requireFile(file: string, stats: Stats): void {
  if (stats.isFile()) return;
  throw new SupplyChainError('MALFORMED_IMAGE', `${file} is in an image layout and is no file`);
}
