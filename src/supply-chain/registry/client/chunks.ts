/** The same bytes in pieces of this size; the last one may be smaller. */
export async function* chunksOf(source: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Buffer> {
  let kept: Buffer[] = [];
  let length = 0;
  for await (const piece of source) {
    kept.push(Buffer.from(piece));
    length += piece.length;
    if (length < size) continue;
    let rest = Buffer.concat(kept);
    while (rest.length >= size) {
      yield rest.subarray(0, size);
      rest = rest.subarray(size);
    }
    kept = [rest];
    length = rest.length;
  }
  if (length > 0) yield Buffer.concat(kept);
}
