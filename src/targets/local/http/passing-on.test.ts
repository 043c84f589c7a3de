import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { renderRequest } from './message/render-request.ts';
import { parseRequest } from './message/request.ts';
import { converse } from './testing/conversation.ts';

describe('a request is passed on', () => {
  test('as HTTP/1.1 with its own fields, without those of one hop', async (t) => {
    const { client, server } = await converse(t);
    client.send(
      'GET /a?b HTTP/1.1\r\nHost: example.org\r\nConnection: keep-alive, X-Secret\r\nKeep-Alive: timeout=9\r\n' +
        'Proxy-Connection: keep-alive\r\nProxy-Authorization: Basic x\r\nProxy: evil\r\nTE: trailers\r\nX-Secret: 1\r\n' +
        'Upgrade: websocket\r\nAccept:  */* \r\nX-A:b\r\n\r\n',
    );
    assert.equal(
      await (await server()).head(),
      'GET /a?b HTTP/1.1\r\nHost: example.org\r\nAccept:  */* \r\nX-A:b\r\nX-Forwarded-For: 127.0.0.1\r\n' +
        'X-Forwarded-Proto: http\r\nX-Forwarded-Host: example.org\r\n\r\n',
    );
  });

  test('with the client behind those who forwarded it before', async (t) => {
    const { client, server } = await converse(t);
    client.send(
      'GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 10.1.1.1\r\nx-forwarded-for: 10.1.1.2\r\n' +
        'X-Forwarded-Proto: https\r\nX-Forwarded-Host: b\r\n\r\n',
    );
    const head = await (await server()).head();
    assert.match(head, /X-Forwarded-For: 10\.1\.1\.1, 10\.1\.1\.2, 127\.0\.0\.1\r\n/);
    assert.match(head, /X-Forwarded-Proto: https\r\n/);
    assert.match(head, /X-Forwarded-Host: b\r\n/);
    assert.doesNotMatch(head, /x-forwarded-for/);
  });

  test('with the lines of its route', async (t) => {
    const { client, server } = await converse(t, { requestHeaders: 'X-Release: 2\r\nX-Arm: b\r\n' });
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.match(await (await server()).head(), /X-Release: 2\r\nX-Arm: b\r\n\r\n$/);
  });

  test('with its framing, even when Connection names it', async (t) => {
    const { client, server } = await converse(t);
    client.send(
      'POST / HTTP/1.1\r\nConnection: Content-Length, Host\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc',
    );
    const received = await (await server()).until('abc');
    assert.match(received, /Host: a\r\nContent-Length: 3\r\n/);
  });

  test('with what it expects, even when Connection names it', async (t) => {
    const { client, server } = await converse(t);
    client.send(
      'PUT / HTTP/1.1\r\nHost: a\r\nConnection: Expect\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n',
    );
    assert.match(await (await server()).head(), /\r\nExpect: 100-continue\r\n/);
  });

  test('in about the same time, however many fields and names of fields there are', () => {
    const namesOnly = `Connection: ${'b,'.repeat(8_000)}\r\n`;
    const linesOnly = 'a:\r\n'.repeat(3_900);
    const both = leastTime(() => rendered(namesOnly + linesOnly));
    const apart = leastTime(() => rendered(namesOnly)) + leastTime(() => rendered(linesOnly));
    assert(both < 5 * apart + 2, `${both} ms together, ${apart} ms apart`);
  });

  test('from HTTP/1.0 with a host, and without the expectation that it cannot have', async (t) => {
    const { client, server } = await converse(t);
    client.send('PUT / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na');
    const received = await (await server()).until('\r\n\r\na');
    assert.match(received, /^PUT \/ HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\nContent-Length: 1\r\n/);
    assert.doesNotMatch(received, /Expect|X-Forwarded-Host/);
  });

  test('with the path of an absolute target', async (t) => {
    const { client, server } = await converse(t);
    client.send('GET http://a/b HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.match(await (await server()).head(), /^GET \/b HTTP\/1\.1\r\nHost: a\r\n/);
  });
});

describe('a response is passed on', () => {
  test('without the fields of one hop, with the lines of its route', async (t) => {
    const { client, server } = await converse(t, { responseHeaders: 'Set-Cookie: arm=b\r\n' });
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const upstream = await server();
    await upstream.head();
    upstream.send(
      'HTTP/1.1 404 Nothing Here\r\nConnection: keep-alive, X-Hop\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\n' +
        'Proxy-Authenticate: Basic\r\nX-A: b\r\nContent-Length: 2\r\n\r\nhi',
    );
    assert.equal(
      await client.until('\r\n\r\nhi'),
      'HTTP/1.1 404 Nothing Here\r\nX-A: b\r\nContent-Length: 2\r\nSet-Cookie: arm=b\r\n\r\nhi',
    );
  });

  test('to HEAD without a body, with the length that it would have', async (t) => {
    const { client, server } = await converse(t);
    client.send('HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n');
    const upstream = await server();
    await upstream.head();
    upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n');
    assert.equal(await client.head(), 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n');
    assert.match(await upstream.head(), /^GET \/2/);
  });

  test('with 204 and 304 as complete, and no field of 204 describes a body', async (t) => {
    const { client, server } = await converse(t);
    client.send('GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n');
    const upstream = await server();
    await upstream.head();
    upstream.send('HTTP/1.1 204 No Content\r\nContent-Length: 5\r\nX-A: b\r\n\r\n');
    assert.equal(await client.head(), 'HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n');
    const next = await server(1);
    await next.head();
    next.send('HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n');
    assert.equal(await client.head(), 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n');
  });

  test('after the interim ones that precede it', async (t) => {
    const { client, server, proxy } = await converse(t, { responseHeaders: 'X-Arm: b\r\n' });
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const upstream = await server();
    await upstream.head();
    upstream.send(
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\n',
    );
    assert.equal(await client.head(), 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n');
    assert.equal(await client.head(), 'HTTP/1.1 102 Processing\r\n\r\n');
    upstream.send(`X-A: ${'a'.repeat(500)}\r\nContent-Length: 0\r\n\r\n`);
    assert.match(
      await client.head(),
      /^HTTP\/1\.1 200 OK\r\nX-A: a{500}\r\nContent-Length: 0\r\nX-Arm: b\r\n\r\n$/,
    );
    assert.deepEqual(
      proxy.outcomes.map(({ status }) => status),
      [200],
    );
  });

  test('to HTTP/1.0 without interim ones', async (t) => {
    const { client, server } = await converse(t);
    client.send('GET / HTTP/1.0\r\n\r\n');
    const upstream = await server();
    await upstream.head();
    upstream.send('HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na');
    assert.equal(await client.end(), 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\na');
  });
});

function rendered(lines: string): string {
  const request = parseRequest(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`, 8_192);
  assert(request !== null && request.kind === 'request');
  return renderRequest(request, { client: '::1', authority: 'a', added: '' });
}

/** In milliseconds, of a few tries. */
function leastTime(work: () => unknown): number {
  const times = Array.from({ length: 8 }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return Math.min(...times);
}
