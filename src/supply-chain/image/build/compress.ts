import { Gzip } from 'fflate';

/** What is compressed at once. The compressor's output depends on how its input is cut. */
const BLOCK = 64 * 1024;

/**
 * Compresses to gzip, to the same bytes on every machine: the compressor is JavaScript, and is given blocks of one size
 * however the input arrives. No time and no name is written into the header.
 */
export async function* compressed(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const ready: Uint8Array[] = [];
  const gzip = new Gzip({ level: 6, mtime: 0 }, (chunk) => ready.push(chunk));
  for await (const block of inBlocks(source, BLOCK)) {
    gzip.push(block);
    yield* ready.splice(0);
  }
  gzip.push(new Uint8Array(0), true);
  yield* ready;
}

/** The same bytes in blocks of that size; the last one may be smaller. Each is only good until the next one is taken. */
async function* inBlocks(source: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  const block = new Uint8Array(size);
  let filled = 0;
  for await (const chunk of source) {
    for (let taken = 0; taken < chunk.length;) {
      const part = chunk.subarray(taken, taken + size - filled);
      block.set(part, filled);
      filled += part.length;
      taken += part.length;
      if (filled < size) continue;
      yield block;
      filled = 0;
    }
  }
  if (filled > 0) yield block.subarray(0, filled);
}
