import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { converse } from './testing/conversation.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describe("a request's body", () => {
  test('of known length is passed on as it comes', async (t) => {
    const { client, server } = await converse(t);
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nab');
    const upstream = await server();
    await upstream.until('\r\n\r\nab');
    client.send('cd');
    await upstream.until('cd');
    client.send('efGET /2 HTTP/1.1\r\nHost: a\r\n\r\n');
    await upstream.until('ef');
    upstream.send(OK);
    assert.equal(await client.until('\r\n\r\nok'), OK);
    assert.match(await upstream.head(), /^GET \/2 /);
  });

  test('in chunks is passed on with its trailer and without its extensions', async (t) => {
    const { client, server } = await converse(t);
    client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x="y"\r\nabc\r\n');
    const upstream = await server();
    assert.match(await upstream.until('\r\n\r\n3\r\nabc\r\n'), /\r\nTransfer-Encoding: chunked\r\n/);
    client.send('2\r\nd');
    await upstream.until('2\r\nd');
    client.send('e\r\n0\r\nX-Sum: 1\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.equal(await upstream.until('\r\n\r\n'), 'e\r\n0\r\nX-Sum: 1\r\n\r\n');
    upstream.send(OK);
    await client.until('\r\n\r\nok');
    assert.match(await upstream.head(), /^GET \/2 /);
  });

  test('in very many chunks with extensions is passed on without them', async (t) => {
    const { client, server } = await converse(t);
    const [bloated, plain] = ['1;x\r\na\r\n', '1\r\na\r\n'].map((chunk) => chunk.repeat(5_000));
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${bloated}0\r\n\r\n`);
    const upstream = await server();
    await upstream.head();
    assert.equal(await upstream.until('0\r\n\r\n'), `${plain}0\r\n\r\n`);
  });

  test('may wait for the upstream to ask for it', async (t) => {
    const { client, server } = await converse(t);
    client.send('PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n');
    const upstream = await server();
    assert.match(await upstream.head(), /\r\nExpect: 100-continue\r\n/);
    upstream.send('HTTP/1.1 100 Continue\r\n\r\n');
    assert.equal(await client.head(), 'HTTP/1.1 100 Continue\r\n\r\n');
    client.send('abc');
    await upstream.until('abc');
    upstream.send(OK);
    assert.equal(await client.until('\r\n\r\nok'), OK);
  });

  test('that the upstream does not ask for ends the connection', async (t) => {
    const { client, server, proxy } = await converse(t);
    client.send('PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n');
    const upstream = await server();
    await upstream.head();
    upstream.send('HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n');
    assert.match(await client.end(), /^HTTP\/1\.1 417 .*\r\nConnection: close\r\n\r\n$/s);
    await upstream.end();
    assert.deepEqual(
      proxy.outcomes.map(({ status, failure }) => [status, failure]),
      [[417, null]],
    );
  });

  test('may still be coming when the response is through', async (t) => {
    const { client, server } = await converse(t);
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc');
    const upstream = await server();
    await upstream.until('abc');
    upstream.send(OK);
    assert.equal(await client.until('\r\n\r\nok'), OK);
    client.send('def');
    await upstream.until('def');
    client.send('GET /2 HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.match(await upstream.head(), /^GET \/2 /);
  });

  test('is not awaited any more when the upstream says more than its response', async (t) => {
    const { client, server, proxy } = await converse(t);
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc');
    const upstream = await server();
    await upstream.until('abc');
    upstream.send(OK);
    await client.until('\r\n\r\nok');
    upstream.send(OK);
    assert.equal(await client.end(), '');
    await upstream.end();
    assert.equal(proxy.outcomes.length, 1);
  });

  test('is not awaited any more when the upstream has answered and closes', async (t) => {
    const { client, server, proxy } = await converse(t);
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc');
    const upstream = await server();
    await upstream.until('abc');
    upstream.send('HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno');
    assert.match(await client.end(), /^HTTP\/1\.1 413 .*\r\nConnection: close\r\n\r\nno$/s);
    await upstream.end();
    assert.deepEqual(
      proxy.outcomes.map(({ status, failure }) => [status, failure]),
      [[413, null]],
    );
  });

  test('that is broken is refused, and the upstream does not see it end', async (t) => {
    const { client, server, proxy } = await converse(t);
    client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
    const upstream = await server();
    await upstream.until('3\r\nabc\r\n');
    client.send('3\nabc\r\n0\r\n\r\n');
    assert.match(await client.end(), /^HTTP\/1\.1 400 /);
    assert.doesNotMatch(await upstream.end(), /0\r\n\r\n/);
    assert.deepEqual(
      proxy.outcomes.map(({ failure }) => failure),
      ['client-gone'],
    );
  });
});

describe("a response's body", () => {
  test('of known length is passed on as it comes', async (t) => {
    const { client, server } = await converse(t);
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const upstream = await server();
    await upstream.head();
    upstream.send('HTTP/1.1 200 OK\r\nContent-Le');
    upstream.send('ngth: 6\r\n\r\n');
    assert.equal(await client.head(), 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n');
    upstream.send('abc');
    await client.until('abc');
    upstream.send('def');
    await client.until('def');
  });

  test('in chunks is passed on with its trailer and without its extensions', async (t) => {
    const { client, server } = await converse(t);
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const upstream = await server();
    await upstream.head();
    upstream.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3;x\r\nabc\r\n');
    assert.match(await client.until('\r\n\r\n3\r\nabc\r\n'), /\r\nTrailer: X-Sum\r\n/);
    upstream.send('0\r\nX-Sum: 1\r\n\r\n');
    assert.equal(await client.head(), '0\r\nX-Sum: 1\r\n\r\n');
    client.send('GET /2 HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.match(await upstream.head(), /^GET \/2 /);
  });

  test('in chunks is taken apart for HTTP/1.0', async (t) => {
    const { client, server } = await converse(t);
    client.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    const upstream = await server();
    await upstream.head();
    upstream.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
    await client.until('\r\n\r\nabc');
    upstream.send('3\r\ndef\r\n0\r\nX-Sum: 1\r\n\r\n');
    assert.equal(await client.end(), 'def');
    assert(!upstream.isEnded);
  });

  test('may end with the connection', async (t) => {
    const { client, server, proxy } = await converse(t);
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const upstream = await server();
    await upstream.head();
    upstream.send('HTTP/1.1 200 OK\r\n\r\nabc');
    assert.equal(await client.until('abc'), 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc');
    upstream.send('def');
    upstream.socket.end();
    assert.equal(await client.end(), 'def');
    assert(!client.isReset);
    assert.deepEqual(
      proxy.outcomes.map(({ failure }) => failure),
      [null],
    );
  });

  test('of server-sent events is passed on event by event', async (t) => {
    const { client, server } = await converse(t);
    client.send('GET /events HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n');
    const upstream = await server();
    await upstream.head();
    upstream.send('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n');
    await client.head();
    for (const event of ['a', 'b', 'c']) {
      upstream.send(`9\r\ndata: ${event}\n\n\r\n`);
      assert.equal(await client.until(`data: ${event}\n\n\r\n`), `9\r\ndata: ${event}\n\n\r\n`);
    }
  });

  test('that breaks off makes the client see that it did', async (t) => {
    const { client, server, proxy } = await converse(t);
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const upstream = await server();
    await upstream.head();
    upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc');
    await client.until('abc');
    upstream.socket.end();
    await client.end();
    assert(client.isReset);
    assert.deepEqual(
      proxy.outcomes.map(({ status, failure }) => [status, failure]),
      [[200, 'reset']],
    );
  });

  test('that was to end with the connection makes the client see that it was reset', async (t) => {
    const { client, server, proxy } = await converse(t);
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const upstream = await server();
    await upstream.head();
    upstream.send('HTTP/1.1 200 OK\r\n\r\nabc');
    await client.until('abc');
    upstream.socket.resetAndDestroy();
    await client.end();
    assert(client.isReset);
    assert.deepEqual(
      proxy.outcomes.map(({ status, failure }) => [status, failure]),
      [[200, 'reset']],
    );
  });

  test('with a bad chunk breaks off', async (t) => {
    const { client, server, proxy } = await converse(t);
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const upstream = await server();
    await upstream.head();
    upstream.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
    await client.until('3\r\nabc\r\n');
    upstream.send('oops\r\n');
    await client.end();
    assert(client.isReset);
    await upstream.end();
    assert.deepEqual(
      proxy.outcomes.map(({ status, failure }) => [status, failure]),
      [[200, 'bad-response']],
    );
  });
});
