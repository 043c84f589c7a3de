import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Digest } from '../../oci/digest.ts';
import type { Content } from '../../oci/repository.ts';
import { type ArchiveOptions, archiveOf } from './archive.ts';
import { compressed } from './compress.ts';
import { inOrder, type LayerEntry } from './layer-entry.ts';

/** A layer that lies in a file. */
export interface WrittenLayer extends Content {
  /** Digest of the tar archive before it was compressed. */
  readonly diffId: Digest;
}

export interface LayerTarget extends ArchiveOptions {
  /** The file to write. */
  readonly file: string;
  /** Called with how many bytes of the archive are done. */
  readonly onBytes?: (done: number) => void;
}

/** Writes a layer to a file, piece by piece: it may be larger than the memory. */
export async function writeLayer(
  entries: readonly LayerEntry[],
  { file, onBytes = () => {}, ...options }: LayerTarget,
): Promise<WrittenLayer> {
  const plain = createHash('sha256');
  const stored = createHash('sha256');
  let done = 0;
  let size = 0;
  async function* watched(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      plain.update(chunk);
      onBytes((done += chunk.length));
      yield chunk;
    }
  }
  await using handle = await open(file, 'wx', 0o600);
  for await (const chunk of compressed(watched(archiveOf(inOrder(entries), options)))) {
    stored.update(chunk);
    size += chunk.length;
    await handle.writeFile(chunk);
  }
  return {
    digest: `sha256:${stored.digest('hex')}`,
    diffId: `sha256:${plain.digest('hex')}`,
    size,
    open: () => createReadStream(file),
  };
}
