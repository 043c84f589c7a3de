import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import tar, { type Pack } from 'tar-stream';
import { SupplyChainError } from '../../error.ts';
import type { LayerEntry } from './layer-entry.ts';

export interface ArchiveOptions {
  /** Time of everything in it. */
  readonly mtime: Date;
  readonly signal?: AbortSignal | undefined;
  /** Called with the content of files, piece by piece. Files without content are not told of. */
  readonly onContent?: OnContent | undefined;
}

export type OnContent = (file: Extract<LayerEntry, { kind: 'file' }>, chunk: Uint8Array) => void;

/** The tar archive of these entries, as it is written on any day, by any user. Files are read while it is. */
export function archiveOf(
  entries: readonly LayerEntry[],
  options: ArchiveOptions,
): AsyncIterable<Uint8Array> {
  const pack = tar.pack();
  fill(pack, entries, options).catch((error: Error) => pack.destroy(error));
  return bytesOf(pack);
}

async function* bytesOf(pack: Pack): AsyncGenerator<Uint8Array> {
  for await (const chunk of pack) {
    assert(chunk instanceof Uint8Array);
    yield chunk;
  }
}

async function fill(
  pack: Pack,
  entries: readonly LayerEntry[],
  { mtime, signal, onContent = () => {} }: ArchiveOptions,
): Promise<void> {
  for (const entry of entries) {
    signal?.throwIfAborted();
    const header = headerOf(entry, mtime);
    if (entry.kind === 'file') {
      await addFile(pack, header, {
        source: entry.source,
        signal,
        onChunk: (chunk) => onContent(entry, chunk),
      });
    } else await addEmpty(pack, header);
  }
  pack.finalize();
}

type NewHeader = Parameters<Pack['entry']>[0];

function headerOf(entry: LayerEntry, mtime: Date): NewHeader {
  const common = { mtime, uid: 0, gid: 0, uname: '', gname: '' };
  switch (entry.kind) {
    case 'directory':
      return { ...common, name: `${entry.path}/`, type: 'directory', mode: entry.mode, size: 0 };
    case 'symlink':
      return { ...common, name: entry.path, type: 'symlink', mode: 0o777, linkname: entry.target, size: 0 };
    case 'file':
      return { ...common, name: entry.path, type: 'file', mode: entry.mode, size: entry.size };
    default:
      return entry satisfies never;
  }
}

interface FileSource {
  readonly source: string;
  readonly signal: AbortSignal | undefined;
  readonly onChunk: (chunk: Uint8Array) => void;
}

async function addFile(
  pack: Pack,
  header: NewHeader,
  { source, signal, onChunk }: FileSource,
): Promise<void> {
  async function* watched(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      onChunk(chunk);
      yield chunk;
    }
  }
  try {
    await pipeline(createReadStream(source), watched, pack.entry(header), { signal });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new SupplyChainError(
      'UNBUILDABLE',
      `${source} cannot be read, or was changed while it was read; build again when nothing writes to it`,
      { cause },
    );
  }
}

function addEmpty(pack: Pack, header: NewHeader): Promise<void> {
  return new Promise((resolve, reject) => {
    pack.entry(header, (error) => (error instanceof Error ? reject(error) : resolve()));
  });
}
