import { lstatSync, readdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import { clear } from './clear.ts';

/** How many are kept for each target: they are as large as images are. */
const MOST_KEPT = 3;
const NAME = /^[0-9a-f]{64}\.changed-(\d+)$/;

/**
 * Keeps an image that somebody changed for whoever wants to know what was done to it: gives its place the name
 * `<digest>.changed-<number>`, and removes the oldest of those beside it when there are too many.
 */
export async function setAside(place: string): Promise<void> {
  const directory = path.dirname(place);
  if (lstatSync(place, { throwIfNoEntry: false }) === undefined) return;
  const last = asideIn(directory).at(-1)?.number ?? 0;
  renameSync(place, `${place}.changed-${last + 1}`);
  for (const { file } of asideIn(directory).slice(0, -MOST_KEPT)) {
    // One that cannot be removed is no reason to leave the service down.
    await clear(file).catch(() => {});
  }
}

/** What was set aside so far, oldest first. */
function asideIn(directory: string): readonly { readonly file: string; readonly number: number }[] {
  return readdirSync(directory)
    .flatMap((name) => {
      const number = NAME.exec(name)?.[1];
      return number === undefined ? [] : [{ file: path.join(directory, name), number: Number(number) }];
    })
    .toSorted((a, b) => a.number - b.number);
}
