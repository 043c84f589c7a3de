import type { Socket } from 'node:net';

/**
 * Up to this size, bytes travel as latin1 text: joined to a head they make one write, and the text is a copy, so that a
 * buffer for reading can be used again at once. Larger ones are written in place, and their buffer is given away.
 */
export const SMALL = 8 * 1024;

/** Writes `head` and the `ranges` of `bytes` at once. False when the socket has enough until it drains. */
export function send(socket: Socket, head: string, bytes: Buffer, ranges: readonly number[]): boolean {
  if (bytes.length <= SMALL) {
    const text = head + asText(bytes, ranges);
    return text === '' || socket.write(text, 'latin1');
  }
  socket.cork();
  if (head !== '') socket.write(head, 'latin1');
  if (ranges.length > 0) socket.write(asBytes(bytes, ranges));
  socket.uncork();
  return !socket.writableNeedDrain;
}

function asText(bytes: Buffer, ranges: readonly number[]): string {
  let text = '';
  for (let index = 0; index < ranges.length; index += 2) {
    text += bytes.toString('latin1', ranges[index], ranges[index + 1]);
  }
  return text;
}

/** Many small ranges, as tiny chunks make them, are moved together in place: one write each would cost far more. */
function asBytes(bytes: Buffer, ranges: readonly number[]): Buffer {
  const start = ranges[0] ?? 0;
  let end = ranges[1] ?? 0;
  for (let index = 2; index < ranges.length; index += 2) {
    end += bytes.copy(bytes, end, ranges[index], ranges[index + 1]);
  }
  return bytes.subarray(start, end);
}
