import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { converse } from './testing/conversation.ts';
import { untilTrue } from './testing/until.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describe('a client that has ended its side', () => {
  for (const [what, request] of Object.entries({ 'a request': GET, 'a request with a body': POST })) {
    test(`after ${what} gets the answer`, async (t) => {
      const { client, server, proxy, upstream } = await converse(t);
      client.socket.end(request);
      const peer = await server();
      await peer.head();
      peer.send(OK);
      assert.equal(await client.end(), OK);
      await untilTrue('no connection', () => proxy.server.connections === 0 && upstream.inFlight === 0);
      assert.deepEqual(
        proxy.outcomes.map(({ status, failure }) => [status, failure]),
        [[200, null]],
      );
    });
  }

  test('gets the answers to all that it asked before', async (t) => {
    const { client, server } = await converse(t);
    client.socket.end(`${GET}${POST}${GET}GET / HT`);
    const upstream = await server();
    for (let answers = 0; answers < 3; answers += 1) {
      await upstream.head();
      upstream.send(OK);
    }
    assert.equal(await client.end(), OK.repeat(3));
  });

  test('gets all of a long answer, however slowly it reads', async (t) => {
    const { client, server } = await converse(t);
    client.socket.pause();
    client.socket.end(`${GET}${GET}`);
    const upstream = await server();
    const body = 'a'.repeat(5_000_000);
    for (let answers = 0; answers < 2; answers += 1) {
      if (answers === 1) client.socket.resume();
      await upstream.head();
      upstream.send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    }
    const received = await client.end();
    assert.equal(received.split(body).length, 3);
  });

  test('in the middle of its body is not served', async (t) => {
    const { client, server, proxy } = await converse(t);
    client.socket.end('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc');
    await (await server()).end();
    assert.deepEqual(
      proxy.outcomes.map(({ failure }) => failure),
      ['client-gone'],
    );
    await untilTrue('no connection', () => proxy.server.connections === 0);
  });

  test('is not waited for long when the answer falls silent, and nobody is blamed', async (t) => {
    const { client, server, proxy } = await converse(t, { timeouts: { halfClosed: 40 } });
    client.socket.end(GET);
    const upstream = await server();
    await upstream.head();
    upstream.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n');
    await upstream.end();
    assert.deepEqual(
      proxy.outcomes.map(({ status, failure }) => [status, failure]),
      [[200, 'client-gone']],
    );
    await untilTrue('no connection', () => proxy.server.connections === 0);
  });
});
