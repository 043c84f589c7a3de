import tar, { type Extract } from 'tar-stream';
import { SupplyChainError } from '../../error.ts';
import { applyEntry } from './apply-entry.ts';
import { entryOf } from './archive-entry.ts';
import type { Tree } from './tree.ts';

/** Where an archive goes. */
export interface ArchiveTarget<Content> {
  readonly tree: Tree<Content>;
  /** Which layer of the image it is, counted from 1. */
  readonly layer: number;
  /** What messages call it. */
  readonly what: string;
}

/**
 * Applies an archive to what is in a tree. `feed` writes the archive to the stream that it is given, and rejects when
 * there is something wrong with it. Throws what `feed` throws, `UNSAFE_LAYER`, `TOO_LARGE`, and `MALFORMED_IMAGE`.
 */
export async function applyArchive<Content>(
  target: ArchiveTarget<Content>,
  feed: (extract: Extract) => Promise<void>,
): Promise<void> {
  const extract = tar.extract();
  const [read, fed] = await Promise.allSettled([takeEntries(target, extract), feed(extract)]);
  const failures = [read, fed].flatMap((result) =>
    result.status === 'rejected' ? [result.reason as unknown] : [],
  );
  if (failures.length === 0) return;
  // Whichever side fails, the other one fails as well, with less to say.
  const telling = failures.find((error) => error instanceof SupplyChainError || hasSystemCode(error));
  if (telling !== undefined) throw telling;
  throw new SupplyChainError('MALFORMED_IMAGE', `${target.what} is not a tar archive that can be read`, {
    cause: failures[0],
  });
}

function hasSystemCode(error: unknown): boolean {
  return error instanceof Error && ('syscall' in error || error.name === 'AbortError');
}

async function takeEntries<Content>(
  { tree, layer }: ArchiveTarget<Content>,
  extract: Extract,
): Promise<void> {
  for await (const entry of extract) {
    await applyEntry(tree, entryOf(entry), layer);
    entry.resume();
  }
}
