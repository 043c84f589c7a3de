import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { SupplyChainError } from '../error.ts';
import type { Budget } from './budget.ts';

/** One entry of a layer, in the order of the archive. */
export interface LayerEntry {
  /** As the archive has it. */
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'symbolic link' | 'hard link' | 'other';
  /** Bytes of the content. */
  readonly size: number;
  /** Where a link leads; empty for others. */
  readonly target: string;
  /** The content. May be read once, before the next entry is asked for, or not at all. */
  readonly content: AsyncIterable<Uint8Array>;
}

/**
 * Reads a gzipped tar archive as a stream. Whoever stops before its end has not seen whether the bytes were the right
 * ones. Throws what the source throws, `TOO_LARGE` and `MALFORMED_IMAGE`.
 */
export async function* layerEntries(
  source: AsyncIterable<Uint8Array>,
  budget: Budget,
): AsyncGenerator<LayerEntry> {
  const archive = extract();
  let isRead = false;
  const whole = pipeline(Readable.from(toItsEnd()), createGunzip(), counted, archive);
  // It is awaited below. Until then a failure must not count as unhandled.
  whole.catch(() => {});
  try {
    for await (const entry of archive) {
      budget.takeEntry();
      const { name, type, size, linkname } = entry.header;
      yield { name, kind: kindOf(type), size, target: linkname ?? '', content: bytesOf(entry) };
      entry.resume();
    }
    await whole;
  } catch (cause) {
    throw cause instanceof SupplyChainError ? cause : malformed(cause);
  }
  if (!isRead) throw malformed();

  async function* toItsEnd() {
    yield* source;
    isRead = true;
  }

  async function* counted(chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      budget.takeBytes(chunk.length);
      yield chunk;
    }
  }
}

async function* bytesOf(content: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const chunk of content) if (chunk instanceof Uint8Array) yield chunk;
}

function kindOf(type: string | null | undefined): LayerEntry['kind'] {
  switch (type) {
    case 'file':
    case 'contiguous-file':
      return 'file';
    case 'directory':
      return 'directory';
    case 'symlink':
      return 'symbolic link';
    case 'link':
      return 'hard link';
    case null:
    case undefined:
    default:
      return 'other';
  }
}

function malformed(cause?: unknown): SupplyChainError {
  const why = cause instanceof Error ? cause.message : 'something follows its archive';
  return new SupplyChainError('MALFORMED_IMAGE', `a layer is no gzipped tar archive: ${why}`, {
    cause,
  });
}
