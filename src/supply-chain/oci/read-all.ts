import { SupplyChainError } from '../error.ts';

/** All the bytes, as long as there are not more than `most`. Throws `TOO_LARGE`. */
export async function readAll(
  source: AsyncIterable<Uint8Array>,
  most: number,
  what: string,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > most) throw new SupplyChainError('TOO_LARGE', `${what} is larger than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
