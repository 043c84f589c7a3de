import { createHash } from 'node:crypto';
import { SupplyChainError } from '../error.ts';
import type { Descriptor } from './descriptor.ts';

/**
 * Passes the bytes on and checks them against size and digest: it fails as soon as there are too many, and at the end
 * when they are not the right ones. Nothing may be believed before the end was reached.
 */
export async function* verified(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { digest, size }: Pick<Descriptor, 'digest' | 'size'>,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let seen = 0;
  for await (const chunk of source) {
    seen += chunk.length;
    if (seen > size) {
      throw new SupplyChainError(
        'DIGEST_MISMATCH',
        `${digest} has more than the ${size} bytes it should have`,
      );
    }
    hash.update(chunk);
    yield chunk;
  }
  const found = `sha256:${hash.digest('hex')}`;
  if (seen !== size || found !== digest) {
    throw new SupplyChainError(
      'DIGEST_MISMATCH',
      `what was served for ${digest} is ${found} (${seen} bytes)`,
    );
  }
}
