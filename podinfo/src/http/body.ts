import type { IncomingMessage } from 'node:http';

/**
 * The body, or null when it is longer than the limit in bytes. Never holds more than that: the rest is read and thrown
 * away, so that the client gets to see the answer and its connection stays usable.
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    length += chunk.length;
    if (length > limit) break;
    chunks.push(chunk);
  }
  if (length <= limit) return Buffer.concat(chunks);
  request.resume();
  return null;
}
