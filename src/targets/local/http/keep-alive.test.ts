import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { converse } from './testing/conversation.ts';
import { untilTrue } from './testing/until.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
/** Idle connections are not given up for their age within a test. */
const PATIENT = { idleTime: 60_000 };
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describe("a client's connection", () => {
  test('serves one request after the other', async (t) => {
    const { client, server, proxy } = await converse(t);
    client.send(GET);
    const upstream = await server();
    await upstream.head();
    upstream.send(OK);
    assert.equal(await client.until('\r\n\r\nok'), OK);
    client.send(GET);
    await upstream.head();
    upstream.send(OK);
    assert.equal(await client.until('\r\n\r\nok'), OK);
    assert.equal(proxy.outcomes.length, 2);
    assert.equal(proxy.server.connections, 1);
  });

  test('answers pipelined requests in their order, one at a time', async (t) => {
    const { client, server, proxy } = await converse(t);
    const requests = [1, 2, 3].map(
      (number) => `POST /${number} HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc`,
    );
    client.send(requests.join(''));
    const upstream = await server();
    for (const number of [1, 2, 3]) {
      assert.match(await upstream.until('\r\n\r\nabc'), new RegExp(`^POST /${number} `));
      assert.equal(upstream.received, '');
      assert.equal(proxy.requests.length, number);
      upstream.send(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${number}`);
      assert.match(await client.until(`\r\n\r\n${number}`), /^HTTP\/1\.1 200 OK\r\n/);
    }
  });

  test('tolerates empty lines before a request', async (t) => {
    const { client, server } = await converse(t);
    client.send('\r');
    client.send('\n\r\n');
    client.send(GET);
    assert.match(await (await server()).head(), /^GET \/ /);
  });

  test('is closed after the response when the client asks for it', async (t) => {
    const { client, server, upstream } = await converse(t);
    client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    const peer = await server();
    assert.doesNotMatch(await peer.head(), /close/);
    peer.send(OK);
    assert.match(
      await client.end(),
      /^HTTP\/1\.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok$/,
    );
    assert.equal(upstream.inFlight, 0);
    assert(!peer.isEnded, "the upstream's connection is kept all the same");
  });

  test('of HTTP/1.0 is closed after the response, unless the client asks to keep it', async (t) => {
    const { client, server } = await converse(t);
    client.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    const upstream = await server();
    await upstream.head();
    upstream.send(OK);
    assert.match(await client.until('\r\n\r\nok'), /\r\nConnection: keep-alive\r\n/);
    client.send('GET / HTTP/1.0\r\n\r\n');
    await upstream.head();
    upstream.send(OK);
    assert.match(await client.end(), /\r\nConnection: close\r\n/);
  });

  test('beyond the limit is not served', async (t) => {
    const { client, proxy } = await converse(t, { limits: { connections: 1 } });
    const other = await proxy.client();
    await other.end();
    assert(!client.isEnded);
  });
});

describe("an upstream's connection", () => {
  test('serves requests of different clients, the last one used first', async (t) => {
    const { client, server, proxy } = await converse(t);
    const other = await proxy.client();
    client.send(GET);
    const first = await server(0);
    await first.head();
    other.send(GET);
    const second = await server(1);
    await second.head();
    first.send(OK);
    await client.until('\r\n\r\nok');
    second.send(OK);
    await other.until('\r\n\r\nok');
    client.send(GET);
    await second.head();
    assert.equal(first.received, '');
  });

  test('is not used again when the upstream closes it, says so, or speaks HTTP/1.0', async (t) => {
    const { client, server } = await converse(t);
    const endings = [
      'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok',
      'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok',
    ];
    for (const [number, response] of endings.entries()) {
      client.send(GET);
      const upstream = await server(number);
      await upstream.head();
      upstream.send(response);
      assert.doesNotMatch(await client.until('\r\n\r\nok'), /close/);
      await upstream.end();
    }
    client.send(GET);
    const third = await server(2);
    await third.head();
    third.send(OK);
    await client.until('\r\n\r\nok');
    third.socket.end();
    await third.end();
    client.send(GET);
    await (await server(3)).head();
  });

  test('is not used again after a response that describes a body which it cannot have', async (t) => {
    const { client, server, proxy } = await converse(t, { pool: PATIENT });
    client.send(GET);
    const first = await server(0);
    await first.head();
    first.send('HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n');
    assert.equal(await client.head(), 'HTTP/1.1 204 No Content\r\n\r\n');
    client.send(GET);
    first.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil');
    const second = await server(1);
    await second.head();
    second.send(OK);
    assert.equal(await client.until('\r\n\r\nok'), OK);
    assert.deepEqual(
      proxy.outcomes.map(({ failure }) => failure),
      [null, null],
    );
  });

  test('is dropped when the upstream says more than it was asked', async (t) => {
    const { client, server, proxy } = await converse(t, { pool: PATIENT });
    client.send(GET);
    const first = await server(0);
    await first.head();
    first.send(`${OK}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`);
    await client.until('\r\n\r\nok');
    await first.end();
    client.send(GET);
    const second = await server(1);
    await second.head();
    second.send(OK);
    assert.equal(await client.until('\r\n\r\nok'), OK);
    second.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil');
    await second.end();
    assert.equal(client.received, '');
    assert.deepEqual(
      proxy.outcomes.map(({ failure }) => failure),
      [null, null],
    );
  });

  test('is given up when it lies idle for long', async (t) => {
    const { client, server } = await converse(t, { pool: { idleTime: 20 } });
    client.send(GET);
    const upstream = await server();
    await upstream.head();
    upstream.send(OK);
    await upstream.end();
  });

  test('is given up when the upstream does not promise to keep it long enough', async (t) => {
    const { client, server } = await converse(t, { pool: PATIENT });
    client.send(GET);
    const upstream = await server();
    await upstream.head();
    upstream.send('HTTP/1.1 200 OK\r\nKeep-Alive: timeout=0\r\nContent-Length: 2\r\n\r\nok');
    await upstream.end();
  });

  test('is given up when enough others are idle', async (t) => {
    const { client, server, proxy } = await converse(t, { pool: { ...PATIENT, idleConnections: 1 } });
    const other = await proxy.client();
    client.send(GET);
    const first = await server(0);
    other.send(GET);
    const second = await server(1);
    first.send(OK);
    await client.until('\r\n\r\nok');
    second.send(OK);
    await other.until('\r\n\r\nok');
    await second.end();
    assert(!first.isEnded);
  });

  test('outlives the closing of its upstream as long as it is in use', async (t) => {
    const { client, server, proxy, upstream } = await converse(t, { pool: PATIENT });
    const other = await proxy.client();
    client.send(GET);
    const idle = await server(0);
    other.send(GET);
    const busy = await server(1);
    idle.send(OK);
    await client.until('\r\n\r\nok');
    upstream.close();
    await idle.end();
    assert.equal(upstream.inFlight, 1);
    busy.send(OK);
    assert.equal(await other.until('\r\n\r\nok'), OK);
    await busy.end();
    await untilTrue('nothing in flight', () => upstream.inFlight === 0);
  });
});
