import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { type Conversation, type ConversationSetting, converse } from './testing/conversation.ts';
import type { Peer } from './testing/peer.ts';
import { untilTrue } from './testing/until.ts';

const ASK = 'GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n';
const AGREE =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-A: b\r\n\r\n';

describe('an upgrade', () => {
  test('that the upstream agrees to makes a tunnel, in which whatever was sent early is not lost', async (t) => {
    const { client, server, proxy, upstream } = await converse(t, { responseHeaders: 'X-Arm: b\r\n' });
    client.send(`${ASK}early`);
    const peer = await server();
    assert.match(await peer.head(), /\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n/);
    assert.equal(peer.received, '');
    peer.send(`${AGREE}greetings`);
    assert.equal(
      await client.until('greetings'),
      'HTTP/1.1 101 Switching Protocols\r\nX-A: b\r\nX-Arm: b\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\ngreetings',
    );
    assert.equal(await peer.until('early'), 'early');
    for (const word of ['one', 'two']) {
      client.send(`GET ${word}\n`);
      await peer.until(`GET ${word}\n`);
      peer.send(`\0${word}`);
      await client.until(`\0${word}`);
    }
    assert.deepEqual(
      proxy.outcomes.map(({ status, failure }) => [status, failure]),
      [[101, null]],
    );
    assert.equal(upstream.inFlight, 1);
  });

  test('that the upstream does not agree to is an ordinary request', async (t) => {
    const { client, server } = await converse(t);
    client.send(`${ASK}GET /2 HTTP/1.1\r\nHost: a\r\n\r\n`);
    const upstream = await server();
    await upstream.head();
    upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno');
    await client.until('\r\n\r\nno');
    assert.match(await upstream.head(), /^GET \/2 /);
  });

  test('to HTTP/2 is not asked for', async (t) => {
    const { client, server } = await converse(t);
    client.send(
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n',
    );
    assert.doesNotMatch(await (await server()).head(), /upgrade|h2c|settings/i);
  });
});

describe('a tunnel', () => {
  test('lets either side finish on its own', async (t) => {
    const { client, peer, upstream, proxy } = await openTunnel(t);
    client.socket.end('bye');
    assert.equal(await peer.end(), 'bye');
    peer.send('still here');
    await client.until('still here');
    peer.socket.end();
    await client.end();
    await untilTrue('no connection', () => proxy.server.connections === 0 && upstream.inFlight === 0);
  });

  test('lets the upstream finish first', async (t) => {
    const { client, peer, upstream } = await openTunnel(t);
    peer.socket.end('bye');
    assert.equal(await client.end(), 'bye');
    client.send('still here');
    await peer.until('still here');
    client.socket.end();
    await peer.end();
    await untilTrue('nothing in flight', () => upstream.inFlight === 0);
  });

  test('ends when the client is gone', async (t) => {
    const { client, peer, upstream, proxy } = await openTunnel(t);
    client.socket.resetAndDestroy();
    await peer.end();
    await untilTrue('no connection', () => proxy.server.connections === 0 && upstream.inFlight === 0);
    assert.equal(proxy.outcomes.length, 1);
  });

  test('ends when the upstream is gone', async (t) => {
    const { client, peer, upstream, proxy } = await openTunnel(t);
    peer.socket.resetAndDestroy();
    await client.end();
    await untilTrue('no connection', () => proxy.server.connections === 0 && upstream.inFlight === 0);
  });

  for (const first of ['client', 'peer'] as const) {
    test(`one side of which has ended does not wait long for the other (${first} first)`, async (t) => {
      const tunnel = await openTunnel(t, { timeouts: { halfClosed: 40 } });
      const { proxy, upstream } = tunnel;
      tunnel[first].socket.end();
      await untilTrue('no connection', () => proxy.server.connections === 0 && upstream.inFlight === 0);
    });
  }

  test('one side of which has ended is cut when the time to drain is over', async (t) => {
    const { client, proxy, upstream } = await openTunnel(t);
    client.socket.end();
    await proxy.server.close(40);
    await untilTrue('no connection', () => proxy.server.connections === 0 && upstream.inFlight === 0);
  });

  test('ends when nothing is said for long', async (t) => {
    const { client, peer } = await openTunnel(t, { timeouts: { tunnel: 40 } });
    await client.end();
    await peer.end();
  });
});

async function openTunnel(
  t: TestContext,
  setting?: ConversationSetting,
): Promise<Conversation & { readonly peer: Peer }> {
  const conversation = await converse(t, setting);
  conversation.client.send(ASK);
  const peer = await conversation.server();
  await peer.head();
  peer.send(AGREE);
  await conversation.client.head();
  return { ...conversation, peer };
}
