import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { startPodinfo, until, type Podinfo } from './testing/podinfo.ts';

/** Resolves when the service is busy with that many requests, the question about it not counted. */
async function underWay(podinfo: Podinfo, count: number): Promise<void> {
  await until(
    async () => (await fetch(`${podinfo.url}/metrics`)).text(),
    (metrics) => new RegExp(String.raw`^http_requests_in_flight\{.*\} ${count + 1}$`, 'm').test(metrics),
  );
}

function stopping(podinfo: Podinfo, signal: NodeJS.Signals): Promise<unknown> {
  podinfo.process.kill(signal);
  return podinfo.line(({ message }) => message === 'stopping');
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`on ${signal} what is under way is finished before it ends with code 0`, async () => {
    await using podinfo = await startPodinfo();
    const answer = fetch(`${podinfo.url}/delay/0.5`);
    await underWay(podinfo, 1);
    await stopping(podinfo, signal);
    await assert.rejects(once(connect(podinfo.port, '127.0.0.1'), 'connect'), { code: 'ECONNREFUSED' });
    const response = await answer;
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('connection'), 'close');
    assert.equal((await podinfo.ended).code, 0);
  });
}

test('while stopping it says that it is not ready', async () => {
  await using podinfo = await startPodinfo();
  const socket = connect(podinfo.port, '127.0.0.1');
  // The first answer shows that the second request's beginning has arrived with it.
  socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /readyz HTTP/1.1\r\nHost: a\r\n');
  await once(socket, 'data');
  await stopping(podinfo, 'SIGTERM');
  socket.write('\r\n');
  const answer = await text(socket);
  assert.match(answer, /HTTP\/1\.1 503 [^]*"status":"stopping"/);
  assert.equal((await podinfo.ended).code, 0);
});

test('idle connections do not hold it up', async () => {
  await using podinfo = await startPodinfo({ SHUTDOWN_GRACE_SECONDS: '3600' });
  const socket = connect(podinfo.port, '127.0.0.1');
  socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
  await once(socket, 'data');
  await stopping(podinfo, 'SIGTERM');
  assert.equal((await podinfo.ended).code, 0);
});

test('a stream that began before is finished, and its connection closed', async () => {
  await using podinfo = await startPodinfo({ SHUTDOWN_GRACE_SECONDS: '3600' });
  const response = await fetch(`${podinfo.url}/stream/5`);
  await stopping(podinfo, 'SIGTERM');
  assert.equal((await response.text()).match(/^data: /gm)?.length, 5);
  assert.equal((await podinfo.ended).code, 0);
});

test('what is not finished within the grace is cut off', async () => {
  await using podinfo = await startPodinfo({ SHUTDOWN_GRACE_SECONDS: '0.1' });
  const answer = assert.rejects(fetch(`${podinfo.url}/delay/60`));
  await underWay(podinfo, 1);
  await stopping(podinfo, 'SIGTERM');
  await answer;
  await podinfo.line(({ level, message }) => level === 'warn' && String(message).startsWith('the grace'));
  assert.equal((await podinfo.ended).code, 0);
});

test('a second signal ends it at once', async () => {
  await using podinfo = await startPodinfo({ SHUTDOWN_GRACE_SECONDS: '3600' });
  const answer = assert.rejects(fetch(`${podinfo.url}/delay/60`));
  await underWay(podinfo, 1);
  await stopping(podinfo, 'SIGTERM');
  podinfo.process.kill('SIGINT');
  assert.equal((await podinfo.ended).code, 130);
  await answer;
});
