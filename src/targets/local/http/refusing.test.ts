import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { converse } from './testing/conversation.ts';

describe('a request that is refused', () => {
  const refusals: Record<string, readonly [status: string, text: string]> = {
    'for its form': ['400 Bad Request', 'GET / HTTP/1.1\r\nHost : a\r\n\r\n'],
    'for a line that ends in a bare line feed': ['400 Bad Request', 'GET / HTTP/1.1\nHost: a\n\n'],
    'for its version': ['505 HTTP Version Not Supported', 'GET / HTTP/3.0\r\nHost: a\r\n\r\n'],
    'for its method': ['501 Not Implemented', 'BREW / HTTP/1.1\r\nHost: a\r\n\r\n'],
    'for the tunnel it wants': ['405 Method Not Allowed', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n'],
    'for the length of its first line': [
      '414 URI Too Long',
      `GET /${'a'.repeat(9_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    ],
    'for the length of its head': [
      '431 Request Header Fields Too Large',
      `GET / HTTP/1.1\r\nHost: a\r\nX-A: ${'a'.repeat(40_000)}\r\n\r\n`,
    ],
    'for a head that never ends': [
      '431 Request Header Fields Too Large',
      `GET / HTTP/1.1\r\n${'A: b\r\n'.repeat(8_000)}`,
    ],
  };
  for (const [why, [status, text]] of Object.entries(refusals)) {
    test(`${why} is answered, and its connection is closed`, async (t) => {
      const { client, proxy } = await converse(t);
      client.send(text);
      client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      const answer = await client.end();
      assert(answer.startsWith(`HTTP/1.1 ${status}\r\nContent-Type: text/plain`), answer);
      assert.match(answer, /\r\nConnection: close\r\n\r\n\d/);
      assert.equal(/\r\nAllow: GET, /.test(answer), status.startsWith('405'));
      assert.equal(answer.split('HTTP/1.1 ').length, 2);
      assert.deepEqual(proxy.requests, []);
    });
  }

  test('does not stop the ones before it', async (t) => {
    const { client, server, proxy } = await converse(t);
    client.send('GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n');
    const upstream = await server();
    await upstream.head();
    upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    assert.match(await client.until('\r\n\r\nok'), /^HTTP\/1\.1 200 /);
    assert.match(await client.end(), /^HTTP\/1\.1 400 /);
    assert.equal(proxy.requests.length, 1);
  });

  test('is refused as soon as a line of it is wrong', async (t) => {
    const { client } = await converse(t);
    for (const piece of ['GET / HT', 'TP/1.1\r', '\nHost: a', '\nX']) client.send(piece);
    assert.match(await client.end(), /^HTTP\/1\.1 400 /);
  });
});
