import type { IncomingMessage } from 'node:http';
import { SupplyChainError } from '../../error.ts';
import { readAll } from '../../oci/read-all.ts';
import { Refused } from './answer.ts';

/** The body of a request, of which no more is read than may be there. Throws `Refused`. */
export async function readBody(request: IncomingMessage, most: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > most) throw tooLarge(most);
  try {
    return await readAll(bodyOf(request), most, 'the body');
  } catch (cause) {
    if (cause instanceof SupplyChainError && cause.code === 'TOO_LARGE') throw tooLarge(most);
    throw cause;
  }
}

/** The same, piece by piece. Who stops reading leaves the connection open, so that there can be an answer. */
export function bodyOf(request: IncomingMessage): AsyncIterable<Uint8Array> {
  return request.iterator({ destroyOnReturn: false });
}

export function tooLarge(most: number): Refused {
  return new Refused(413, 'SIZE_INVALID', `no more than ${most} bytes are taken`);
}
