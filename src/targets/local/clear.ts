import { chmodSync, lstatSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';

/** Removes what is there, a directory with all that is in it. Links are removed, never followed. */
export async function clear(place: string): Promise<void> {
  const found = lstatSync(place, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (found.isDirectory()) makeWritable(place);
  await rm(place, { recursive: true, force: true });
}

/** Images have directories that even their owner may not write to, and so not remove anything from. */
function makeWritable(directory: string): void {
  chmodSync(directory, 0o700);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) makeWritable(path.join(directory, entry.name));
  }
}
