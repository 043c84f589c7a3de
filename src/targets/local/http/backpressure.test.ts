import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { crc32 } from 'node:zlib';
import { converse } from './testing/conversation.ts';
import { startProxy } from './testing/proxy.ts';
import { untilStill, untilTrue } from './testing/until.ts';

const TOTAL = 200 * 1024 * 1024;
const PART = 64 * 1024;
/** What the kernel and the proxy may hold between the two ends. */
const MOST_HELD = 32 * 1024 * 1024;

describe('a side that does not read stops the other', () => {
  test('in a response', async (t) => {
    const { client, server } = await converse(t);
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const upstream = await server();
    await upstream.head();
    upstream.send(`HTTP/1.1 200 OK\r\nContent-Length: ${TOTAL}\r\n\r\n`);
    await client.head();
    await assertHeldBack(upstream.socket, client.socket);
  });

  test('in a request', async (t) => {
    const { client, server } = await converse(t);
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${TOTAL}\r\n\r\n`);
    const upstream = await server();
    await upstream.head();
    await assertHeldBack(client.socket, upstream.socket);
  });

  test('in a tunnel, either way', async (t) => {
    const { client, server } = await converse(t);
    client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: a\r\n\r\n');
    const upstream = await server();
    await upstream.head();
    upstream.send('HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\n\r\n');
    await client.head();
    await assertHeldBack(client.socket, upstream.socket);
    await assertHeldBack(upstream.socket, client.socket);
  });
});

test('requests in a pipeline wait until the client takes the responses', async (t) => {
  const proxy = await startProxy(t, { to: [] });
  const client = await proxy.client();
  client.socket.pause();
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(1_000_000));
  await untilStill(() => proxy.requests.length);
  assert(client.socket.writableLength > 0, 'all requests were taken in though nobody read the answers');
});

test('interim responses that the client does not take hold the upstream back, and do not stop it for good', async (t) => {
  const { client, server, proxy } = await converse(t);
  client.socket.pause();
  client.send('GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n');
  const upstream = await server();
  await upstream.head();
  const hint = `HTTP/1.1 103 Early Hints\r\nLink: ${'a'.repeat(20_000)}\r\n\r\n`;
  const hints = 500;
  upstream.send(`${hint.repeat(hints)}HTTP/1.1 204 No Content\r\n\r\n`);
  await untilStill(() => upstream.socket.bytesWritten - upstream.socket.writableLength);
  assert(upstream.socket.writableLength > 0);
  assert.equal(proxy.outcomes.length, 0);
  client.socket.resume();
  await client.until('HTTP/1.1 204');
  await upstream.head();
  upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  await client.until('HTTP/1.1 200');
});

/** Has one end send while the other does not read, until no more goes in; then everything must arrive. */
async function assertHeldBack(source: Socket, sink: Socket): Promise<void> {
  sink.removeAllListeners('data').pause();
  const flood = startFlood(source, TOTAL);
  await untilStill(() => flood.sent);
  assert(flood.sent < MOST_HELD, `${flood.sent} bytes were taken in though nobody read them`);
  let received = 0;
  let checksum = 0;
  sink.on('data', (bytes) => {
    received += bytes.length;
    checksum = crc32(bytes, checksum);
  });
  sink.resume();
  await untilTrue('everything that was sent', () => received === TOTAL);
  assert.equal(checksum, flood.checksum);
}

/** Sends as fast as the socket takes it: no two parts are the same. */
function startFlood(socket: Socket, total: number): { readonly sent: number; readonly checksum: number } {
  const flood = { sent: 0, checksum: 0 };
  const noise = randomBytes(1024 * 1024);
  const send = (): void => {
    let hasRoom = true;
    while (hasRoom && flood.sent < total) {
      const start = (flood.sent * 7) % (noise.length - PART);
      const part = noise.subarray(start, start + PART);
      flood.sent += PART;
      flood.checksum = crc32(part, flood.checksum);
      hasRoom = socket.write(part);
    }
  };
  socket.on('drain', send);
  send();
  return flood;
}
