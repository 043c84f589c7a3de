import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { Gzip } from 'fflate';
import { digestOf } from '../../oci/digest.ts';
import { compressed } from './compress.ts';

/** Compresses like the files of a service do: neither noise nor one byte. */
const BYTES = Buffer.concat(
  Array.from({ length: 3000 }, (_, index) =>
    Buffer.from(createHash('sha256').update(String(index)).digest('hex')),
  ),
);

async function compressInPieces(size: number): Promise<Buffer> {
  async function* pieces() {
    for (let at = 0; at < BYTES.length; at += size) yield BYTES.subarray(at, at + size);
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of compressed(pieces())) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('compressing', () => {
  it('keeps the bytes', async () => {
    assert.equal(Buffer.compare(gunzipSync(await compressInPieces(5000)), BYTES), 0);
  });

  it('comes to the same however the bytes arrive', async () => {
    const digests = new Set<string>();
    for (const size of [1, 777, 65_536, 100_000, BYTES.length])
      digests.add(digestOf(await compressInPieces(size)));
    assert.equal(digests.size, 1);
  });

  it('would not, if they were handed on as they arrive', () => {
    const digests = [777, 100_000].map((size) => {
      const hash = createHash('sha256');
      const gzip = new Gzip({ level: 6, mtime: 0 }, (chunk) => hash.update(chunk));
      for (let at = 0; at < BYTES.length; at += size) gzip.push(BYTES.subarray(at, at + size));
      gzip.push(new Uint8Array(0), true);
      return hash.digest('hex');
    });
    assert.notEqual(digests[0], digests[1]);
  });
});
