import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import tar, { type Extract, type Header } from 'tar-stream';
import { SupplyChainError } from '../../error.ts';
import { namesOf, unsafe } from './entry-path.ts';
import type { Budget } from './limits.ts';
import { linkTarget } from './link-target.ts';
import { makeDirectory, makeLink, makeSecondName, OWNER, put, type Tree } from './tree.ts';
import { applyWhiteout } from './whiteout.ts';

/** Where an archive goes. */
export interface ArchiveTarget {
  readonly tree: Tree;
  readonly budget: Budget;
  /** Which layer of the image it is. */
  readonly layer: number;
  /** What messages call it. */
  readonly what: string;
}

/**
 * Unpacks an archive over what is in a tree. `feed` writes the archive to the stream that it is given, and rejects when
 * there is something wrong with it. Throws what `feed` throws, `UNSAFE_LAYER`, `TOO_LARGE`, and `MALFORMED_IMAGE`.
 */
export async function applyArchive(
  target: ArchiveTarget,
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

type Entry = Extract extends AsyncIterable<infer Each> ? Each : never;

async function takeEntries(target: ArchiveTarget, extract: Extract): Promise<void> {
  for await (const entry of extract) await takeEntry(target, entry);
}

async function takeEntry({ tree, budget, layer }: ArchiveTarget, entry: Entry): Promise<void> {
  const { header } = entry;
  budget.entry();
  refuseSparse(header);
  const names = namesOf(header.name, budget.path);
  if (header.type !== 'file') {
    if ((header.size ?? 0) !== 0) throw unsafe(header.name, 'has content and is no file');
    entry.resume();
  }
  if (await applyWhiteout(tree, names, layer)) {
    entry.resume();
    return;
  }
  const type: string | null = header.type;
  switch (type) {
    case 'directory':
      return names.length === 0 ? undefined : makeDirectory(tree, names, layer);
    case 'symlink': {
      const to = linkTarget(names, header.linkname ?? '', budget.path);
      return makeLink(tree, names, { kind: 'symlink', layer, target: to });
    }
    case 'link':
      return makeSecondName(tree, names, { target: namesOf(header.linkname ?? '', budget.path), layer });
    case 'file':
      return writeFile(tree, names, layer, entry);
    default:
      throw unsafe(header.name, `is neither file, directory nor link, but ${type ?? 'of an unknown type'}`);
  }
}

/** A file with holes has another content than the bytes in the archive. */
function refuseSparse(header: Header): void {
  if (Object.keys(header.pax ?? {}).some((key) => key.startsWith('GNU.sparse'))) {
    throw unsafe(header.name, 'is a sparse file');
  }
}

/** Set-user-id and the like are not taken over: of the mode only whether its owner may run it. */
async function writeFile(tree: Tree, names: readonly string[], layer: number, entry: Entry): Promise<void> {
  const isProgram = ((entry.header.mode ?? 0) & 0o100) !== 0;
  await put(tree, names, layer, async (file) => {
    const hash = createHash('sha256');
    let size = 0;
    await using handle = await open(file, 'wx', isProgram ? OWNER.program : OWNER.file);
    for await (const chunk of entry) {
      assert(chunk instanceof Uint8Array);
      hash.update(chunk);
      size += chunk.length;
      await handle.writeFile(chunk);
    }
    return { kind: 'file', layer, isProgram, size, digest: `sha256:${hash.digest('hex')}` };
  });
}
