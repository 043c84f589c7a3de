import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { createUpstream, type Upstream } from './index.ts';
import { converse } from './testing/conversation.ts';
import { startProxy } from './testing/proxy.ts';
import { untilTrue } from './testing/until.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const SHORT = 40;

describe('the proxy does not wait for ever', () => {
  test('for the first byte of a client', async (t) => {
    const { client } = await converse(t, { timeouts: { head: SHORT } });
    assert.equal(await client.end(), '');
  });

  test('for the rest of a head that trickles in', async (t) => {
    const { client, proxy } = await converse(t, { timeouts: { head: SHORT } });
    client.send('GET / HTTP/1.1\r\n');
    const trickle = setInterval(() => client.send('X-A: b\r\n'), 10);
    t.after(() => clearInterval(trickle));
    assert.match(await client.end(), /^HTTP\/1\.1 408 Request Timeout\r\n[^]*Connection: close/);
    assert.deepEqual(proxy.requests, []);
  });

  test('for the next request', async (t) => {
    const { client, server } = await converse(t, { timeouts: { keepAlive: SHORT } });
    client.send(GET);
    (await server()).send('HTTP/1.1 204 No Content\r\n\r\n');
    await client.head();
    assert.equal(await client.end(), '');
  });

  test("for the next bytes of a client's body", async (t) => {
    const { client, server, proxy } = await converse(t, { timeouts: { body: SHORT } });
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc');
    await (await server()).until('abc');
    assert.match(await client.end(), /^HTTP\/1\.1 408 /);
    assert.deepEqual(
      proxy.outcomes.map(({ failure }) => failure),
      ['client-gone'],
    );
  });

  test('for an upstream to accept', async (t) => {
    const upstream = await startDeafUpstream(t);
    const proxy = await startProxy(t, { to: [upstream], timeouts: { connect: SHORT } });
    const client = await proxy.client();
    client.send(GET);
    assert.match(await client.head(), /^HTTP\/1\.1 502 /);
    assert.deepEqual(
      proxy.outcomes.map(({ failure }) => failure),
      ['connect'],
    );
  });

  test('for a response to begin', async (t) => {
    const { client, server, proxy } = await converse(t, { timeouts: { response: SHORT } });
    client.send(GET);
    const upstream = await server();
    assert.match(await client.until('in time\n'), /^HTTP\/1\.1 504 Gateway Timeout\r\n/);
    await upstream.end();
    assert.deepEqual(
      proxy.outcomes.map(({ status, failure }) => [status, failure]),
      [[null, 'timeout']],
    );
  });

  test('for the next event of a stream, and blames nobody', async (t) => {
    const { client, server, proxy } = await converse(t, { timeouts: { silence: 8 * SHORT, body: SHORT } });
    client.send(GET);
    const upstream = await server();
    upstream.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
    await client.until('abc\r\n');
    await wait(4 * SHORT);
    upstream.send('3\r\ndef\r\n');
    await client.until('def\r\n');
    await client.end();
    assert(client.isReset);
    await upstream.end();
    assert.deepEqual(
      proxy.outcomes.map(({ status, failure }) => [status, failure]),
      [[200, 'silence']],
    );
  });

  test('for the next bytes of a response', async (t) => {
    const { client, server, proxy } = await converse(t, { timeouts: { silence: SHORT } });
    client.send(GET);
    const upstream = await server();
    upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc');
    await client.end();
    assert(client.isReset);
    await upstream.end();
    assert.deepEqual(
      proxy.outcomes.map(({ status, failure }) => [status, failure]),
      [[200, 'timeout']],
    );
  });

  test('for the rest of a body that it was answered in the middle of, and does not blame the upstream', async (t) => {
    const { client, server, proxy } = await converse(t, { timeouts: { silence: SHORT } });
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc');
    const upstream = await server();
    await upstream.until('abc');
    upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc');
    await upstream.end();
    assert.deepEqual(
      proxy.outcomes.map(({ status, failure }) => [status, failure]),
      [[200, 'client-gone']],
    );
  });

  test('but as long for a response after the end of the body as without one', async (t) => {
    const { client, server, proxy } = await converse(t, { timeouts: { body: SHORT, silence: 100 * SHORT } });
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc');
    const upstream = await server();
    await upstream.until('abc');
    upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc');
    await client.until('\r\n\r\nabc');
    client.send('def');
    await upstream.until('def');
    await wait(4 * SHORT);
    assert.deepEqual(proxy.outcomes, []);
    upstream.send('def');
    await client.until('def');
  });

  test('for a client that does not read', async (t) => {
    const { client, server, proxy } = await converse(t, { timeouts: { body: SHORT } });
    client.socket.pause();
    client.send(GET);
    const upstream = await server();
    upstream.send(`HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n${'a'.repeat(50_000_000)}`);
    await upstream.end();
    assert.deepEqual(
      proxy.outcomes.map(({ status, failure }) => [status, failure]),
      [[200, 'client-gone']],
    );
  });

  test('for a client to close after the last response', async (t) => {
    const { client, server, proxy } = await converse(t, { timeouts: { linger: SHORT } });
    client.send('GET / HTTP/1.0\r\n\r\n');
    (await server()).send('HTTP/1.1 204 No Content\r\n\r\n');
    await client.end();
    assert.equal(proxy.server.connections, 1);
    await untilTrue('no connection', () => proxy.server.connections === 0);
  });
});

/** An upstream whose queue of connections is full, and which takes none out of it. Its process is stopped. */
async function startDeafUpstream(t: TestContext): Promise<Upstream> {
  const program = `require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 },
    function () { console.log(this.address().port) })`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const [output] = await once(child.stdout, 'data');
  child.kill('SIGSTOP');
  const port = Number(output);
  const queue = Array.from({ length: 8 }, () => connect(port, '127.0.0.1').on('error', () => {}));
  t.after(() => queue.forEach((socket) => socket.destroy()));
  return createUpstream(port);
}
