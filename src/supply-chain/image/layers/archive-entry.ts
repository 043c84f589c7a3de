import assert from 'node:assert/strict';
import type { Extract } from 'tar-stream';
import { unsafe } from './entry-path.ts';

/** One entry of an archive, in the order of the archive. */
export interface ArchiveEntry {
  /** As the archive has it. */
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'symbolic link' | 'hard link' | 'device';
  /** Where a link leads; empty for others. */
  readonly target: string;
  /** Bytes of the content. */
  readonly size: number;
  readonly isProgram: boolean;
  /** The content. May be read once, before the next entry is asked for, or not at all. */
  readonly content: AsyncIterable<Uint8Array>;
}

export type TarEntry = Extract extends AsyncIterable<infer Each> ? Each : never;

/**
 * Reads the header of an entry. Set-user-id and the like are not taken over: of the mode only whether the owner may run
 * it. Throws `UNSAFE_LAYER` for what programs read in different ways: unknown types, content of what is no file, and files
 * with holes, which have another content than the bytes in the archive.
 */
export function entryOf(entry: TarEntry): ArchiveEntry {
  const { name, size, linkname, mode, pax } = entry.header;
  if (Object.keys(pax ?? {}).some((key) => key.startsWith('GNU.sparse')))
    throw unsafe(name, 'is a sparse file');
  const kind = kindOf(name, entry.header.type);
  if (kind !== 'file' && size !== 0) throw unsafe(name, 'has content and is no file');
  return {
    name,
    kind,
    target: linkname ?? '',
    size,
    isProgram: (mode & 0o100) !== 0,
    content: bytesOf(entry),
  };
}

function kindOf(name: string, type: string | null | undefined): ArchiveEntry['kind'] {
  switch (type) {
    case 'file':
    case 'directory':
      return type;
    case 'symlink':
      return 'symbolic link';
    case 'link':
      return 'hard link';
    case 'character-device':
    case 'block-device':
    case 'fifo':
      return 'device';
    case null:
    case undefined:
    default:
      throw unsafe(name, `is neither file, directory nor link, but ${type ?? 'of an unknown type'}`);
  }
}

async function* bytesOf(content: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const chunk of content) {
    assert(chunk instanceof Uint8Array);
    yield chunk;
  }
}
