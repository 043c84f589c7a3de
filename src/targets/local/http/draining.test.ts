import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createTrafficServer } from './index.ts';
import { converse } from './testing/conversation.ts';
import { connectTo } from './testing/peer.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const LONG = 60_000;

describe('a server that is closed', () => {
  test('answers what is under way and says that it closes', async (t) => {
    const { client, server, proxy } = await converse(t);
    client.send(GET);
    const upstream = await server();
    await upstream.head();
    const closed = proxy.server.close(LONG);
    upstream.send(OK);
    assert.equal(await client.end(), 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok');
    client.socket.end();
    await closed;
    assert.deepEqual(
      proxy.outcomes.map(({ failure }) => failure),
      [null],
    );
  });

  test('accepts no more connections', async (t) => {
    const { proxy, client } = await converse(t);
    client.socket.end();
    await proxy.server.close(LONG);
    await assert.rejects(connectTo(proxy.port), { code: 'ECONNREFUSED' });
  });

  test('still answers a request that was on its way', async (t) => {
    const { client, server, proxy } = await converse(t);
    const closed = proxy.server.close(LONG);
    client.send(GET);
    const upstream = await server();
    await upstream.head();
    upstream.send(OK);
    assert.match(await client.end(), /\r\nConnection: close\r\n\r\nok$/);
    client.socket.end();
    await closed;
  });

  test('ends connections that are idle', async (t) => {
    const { client, server, proxy } = await converse(t);
    client.send(GET);
    const upstream = await server();
    upstream.send(OK);
    await client.until('\r\n\r\nok');
    await Promise.all([proxy.server.close(LONG), client.end().then(() => client.socket.end())]);
  });

  test('ends a connection that became idle without a warning', async (t) => {
    const { client, server, proxy } = await converse(t);
    client.send(GET);
    const upstream = await server();
    upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no');
    await client.until('\r\n\r\no');
    const closed = proxy.server.close(LONG);
    upstream.send('k');
    assert.equal(await client.end(), 'k');
    client.socket.end();
    await closed;
  });

  test('cuts what takes too long', async (t) => {
    const { client, server, proxy } = await converse(t);
    client.send(GET);
    const upstream = await server();
    await upstream.head();
    await proxy.server.close(0);
    assert.equal(await client.end(), '');
    await upstream.end();
    assert.equal(proxy.server.connections, 0);
  });
});

test('a server that cannot listen leaves nothing behind', async (t) => {
  const { proxy } = await converse(t);
  const clocks = t.mock.method(globalThis, 'setInterval');
  const other = createTrafficServer({ route: () => null });
  await assert.rejects(other.listen(proxy.port), { code: 'EADDRINUSE' });
  assert.equal(clocks.mock.callCount(), 0);
});

test('a server that cannot listen says why', async (t) => {
  const { proxy } = await converse(t);
  await assert.rejects(proxy.server.listen(proxy.port), { code: 'ERR_SERVER_ALREADY_LISTEN' });
});
