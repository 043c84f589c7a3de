import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';

/**
 * Writes a file whole or not at all: what was there stays until everything is on disk, and a writer that is killed
 * leaves nothing but a file in `unfinished`, which must be on the same disk.
 */
export async function writeWhole(
  file: string,
  unfinished: string,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  await Promise.all(
    [unfinished, path.dirname(file)].map((directory) => mkdir(directory, { recursive: true })),
  );
  const temporary = path.join(unfinished, randomUUID());
  try {
    const handle = await open(temporary, 'wx');
    try {
      for await (const chunk of content) await handle.writeFile(chunk);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}
