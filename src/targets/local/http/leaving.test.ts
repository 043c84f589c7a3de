import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { converse } from './testing/conversation.ts';
import { untilTrue } from './testing/until.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

describe('a client that leaves', () => {
  test('with a reset takes its request back at once', async (t) => {
    const { client, server, proxy, upstream } = await converse(t);
    client.send(GET);
    const peer = await server();
    await peer.head();
    client.socket.resetAndDestroy();
    await peer.end();
    assert.deepEqual(
      proxy.outcomes.map(({ status, failure }) => [status, failure]),
      [[null, 'client-gone']],
    );
    assert.equal(upstream.inFlight, 0);
    await untilTrue('no connection', () => proxy.server.connections === 0);
  });

  test('in the middle of a response stops it', async (t) => {
    const { client, server, proxy } = await converse(t);
    client.send(GET);
    const upstream = await server();
    await upstream.head();
    upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\nabc');
    await client.until('abc');
    client.socket.destroy();
    await untilTrue('the news that nobody reads', () => {
      upstream.socket.write('d');
      return upstream.isEnded || upstream.isClosed;
    });
    assert.deepEqual(
      proxy.outcomes.map(({ status, failure }) => [status, failure]),
      [[200, 'client-gone']],
    );
  });

  test('in the middle of its body takes it back', async (t) => {
    const { client, server, proxy } = await converse(t);
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc');
    const upstream = await server();
    await upstream.until('abc');
    client.socket.destroy();
    await upstream.end();
    assert.deepEqual(
      proxy.outcomes.map(({ failure }) => failure),
      ['client-gone'],
    );
  });

  test('with more requests in the pipeline has none of them served', async (t) => {
    const { client, server, proxy } = await converse(t);
    client.send(`${GET}${GET}`);
    const upstream = await server();
    await upstream.head();
    client.socket.resetAndDestroy();
    await upstream.end();
    await untilTrue('no connection', () => proxy.server.connections === 0);
    assert.equal(proxy.requests.length, 1);
  });

  test('between requests is let go', async (t) => {
    const { client, proxy } = await converse(t);
    client.socket.end('GET / HT');
    await client.end();
    await untilTrue('no connection', () => proxy.server.connections === 0);
    assert.deepEqual(proxy.requests, []);
  });
});
