import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createUpstream, type Outcome } from './index.ts';
import { converse } from './testing/conversation.ts';
import { startProxy } from './testing/proxy.ts';
import { freePort, startScripted } from './testing/upstreams.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describe('an upstream that accepts no connection', () => {
  test('is passed over, whatever the method, with the body', async (t) => {
    const dead = createUpstream(await freePort());
    const alive = await startScripted(t);
    const proxy = await startProxy(t, { to: [dead, alive.upstream] });
    const client = await proxy.client();
    client.send(POST);
    const upstream = await alive.peer(0);
    await upstream.until('\r\n\r\nabc');
    upstream.send(OK);
    assert.equal(await client.until('\r\n\r\nok'), OK);
    assert.deepEqual(proxy.outcomes.map(gist), ['null connect retried', '200 null']);
    assert.equal(dead.inFlight, 0);
  });

  test('gives 502 when there is no other place', async (t) => {
    const proxy = await startProxy(t, { to: [createUpstream(await freePort())] });
    const client = await proxy.client();
    client.send(GET);
    assert.match(
      await client.until('connections\n'),
      /^HTTP\/1\.1 502 Bad Gateway\r\nContent-Type: text\/plain/,
    );
    client.send(GET);
    await client.until('connections\n');
    client.send('HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    assert.match(await client.end(), /^HTTP\/1\.1 502 [^]*\r\nConnection: close\r\n\r\n$/);
    assert.deepEqual(proxy.outcomes.map(gist), ['null connect', 'null connect', 'null connect']);
  });

  test('is looked for in a few places only', async (t) => {
    const dead = createUpstream(await freePort());
    const proxy = await startProxy(t, { to: [dead, dead, dead], limits: { attempts: 2 } });
    const client = await proxy.client();
    client.send(GET);
    await client.until('connections\n');
    assert.deepEqual(proxy.outcomes.map(gist), ['null connect retried', 'null connect']);
  });
});

test('a request without a place is answered with 503 and a time to come back', async (t) => {
  const proxy = await startProxy(t, { to: [] });
  const client = await proxy.client();
  client.send(`${GET}${POST}`);
  assert.match(
    await client.until('now\n'),
    /^HTTP\/1\.1 503 Service Unavailable\r\n[^]*\r\nRetry-After: 1\r\n\r\n503/,
  );
  assert.match(await client.end(), /^HTTP\/1\.1 503 [^]*\r\nRetry-After: 1\r\nConnection: close\r\n\r\n503/);
});

describe('a connection that was used before and closes without a word', () => {
  test('is replaced for a request that may be repeated', async (t) => {
    const { client, server, proxy } = await converse(t);
    client.send(GET);
    const first = await server(0);
    await first.head();
    first.send(OK);
    await client.until('\r\n\r\nok');
    client.send(GET);
    await first.head();
    first.socket.resetAndDestroy();
    const second = await server(1);
    await second.head();
    second.send(OK);
    assert.equal(await client.until('\r\n\r\nok'), OK);
    assert.deepEqual(proxy.outcomes.map(gist), ['200 null', '200 null']);
  });

  test('is replaced by another place when the upstream is gone', async (t) => {
    const other = await startScripted(t);
    const dying = await startScripted(t);
    const proxy = await startProxy(t, { to: [dying.upstream, other.upstream] });
    const client = await proxy.client();
    client.send(GET);
    const first = await dying.peer(0);
    first.send(OK);
    await client.until('\r\n\r\nok');
    await first.head();
    client.send(GET);
    await first.head();
    dying.stopListening();
    first.socket.end();
    const second = await other.peer(0);
    await second.head();
    second.send(OK);
    assert.equal(await client.until('\r\n\r\nok'), OK);
    assert.deepEqual(proxy.outcomes.map(gist), ['200 null', 'null connect retried', '200 null']);
  });

  const unrepeatable: Record<string, string> = {
    'a POST': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n',
    'a PUT whose body is on its way': 'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc',
  };
  for (const [what, request] of Object.entries(unrepeatable)) {
    test(`is not replaced for ${what}`, async (t) => {
      const { client, server, proxy } = await converse(t);
      client.send(GET);
      const first = await server(0);
      await first.head();
      first.send(OK);
      await client.until('\r\n\r\nok');
      client.send(request);
      await first.head();
      first.socket.end();
      assert.match(await client.until('the connection\n'), /^HTTP\/1\.1 502 /);
      assert.deepEqual(proxy.outcomes.map(gist), ['200 null', 'null reset']);
      assert.equal(proxy.requests.length, 2);
    });
  }
});

describe('an upstream that closes', () => {
  test('a new connection without a word gives 502', async (t) => {
    const { client, server, proxy } = await converse(t);
    client.send(GET);
    const upstream = await server();
    await upstream.head();
    upstream.socket.end();
    assert.match(await client.until('the connection\n'), /^HTTP\/1\.1 502 Bad Gateway\r\n/);
    assert.deepEqual(proxy.outcomes.map(gist), ['null reset']);
  });

  test('within a head gives 502, even on a connection that was used before', async (t) => {
    const { client, server, proxy } = await converse(t);
    client.send(GET);
    const upstream = await server();
    await upstream.head();
    upstream.send(OK);
    await client.until('\r\n\r\nok');
    client.send(GET);
    await upstream.head();
    upstream.send('HTTP/1.1 200 OK\r\nContent-');
    upstream.socket.end();
    assert.match(await client.until('the connection\n'), /^HTTP\/1\.1 502 Bad Gateway\r\n/);
    assert.deepEqual(proxy.outcomes.map(gist), ['200 null', 'null reset']);
  });
});

describe('an upstream that does not speak HTTP gives 502', () => {
  const responses: Record<string, string> = {
    'with something else': 'SSH-2.0-OpenSSH_9.6\r\n',
    'with a response that could be two': 'HTTP/1.1 200 OK\r\nX-A: b\nContent-Length: 0\r\n\r\n',
    'with two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok',
    'with a bad first chunk': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\nok',
    'with a head that never ends': `HTTP/1.1 200 OK\r\nX-A: ${'b'.repeat(40_000)}`,
    'with a head that is too long': `HTTP/1.1 200 OK\r\nX-A: ${'b'.repeat(40_000)}\r\nContent-Length: 0\r\n\r\n`,
    'with a change of protocol that nobody asked for':
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: a\r\n\r\n',
  };
  for (const [what, response] of Object.entries(responses)) {
    test(what, async (t) => {
      const { client, server, proxy } = await converse(t);
      client.send(GET);
      const upstream = await server();
      await upstream.head();
      upstream.send(response);
      assert.match(await client.until('is not HTTP\n'), /^HTTP\/1\.1 502 Bad Gateway\r\n/);
      await upstream.end();
      assert.deepEqual(
        proxy.outcomes.map(({ failure }) => failure),
        ['bad-response'],
      );
    });
  }
});

function gist({ status, failure, retried }: Outcome): string {
  return `${status} ${failure}${retried ? ' retried' : ''}`;
}
