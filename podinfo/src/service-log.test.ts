import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runPodinfo, startPodinfo, until } from './testing/podinfo.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

test('each request is one line of JSON, without its query', async () => {
  await using podinfo = await startPodinfo({ VERSION: '3.1.4' });
  const response = await fetch(`${podinfo.url}/version?user=someone`, { headers: { 'x-request-id': 'abc' } });
  assert.equal(response.status, 200);
  const line = await podinfo.line(({ correlationId }) => correlationId === 'abc');
  const { time, durationMs, ...rest } = line;
  assert.deepEqual(rest, {
    level: 'info',
    message: 'request',
    correlationId: 'abc',
    method: 'GET',
    path: '/version',
    status: 200,
    release: '3.1.4',
  });
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert(typeof durationMs === 'number' && durationMs > 0);
});

test('the correlation id is taken from the caller, or from its trace, and returned', async () => {
  await using podinfo = await startPodinfo();
  const returned = async (headers: Record<string, string>) =>
    (await fetch(`${podinfo.url}/healthz`, { headers })).headers.get('x-correlation-id');
  assert.equal(await returned({ 'x-correlation-id': 'one', 'x-request-id': 'two' }), 'one');
  assert.equal(
    await returned({ 'x-request-id': 'two', traceparent: `00-${TRACE}-00f067aa0ba902b7-01` }),
    'two',
  );
  assert.equal(await returned({ traceparent: `00-${TRACE}-00f067aa0ba902b7-01` }), TRACE);
  assert.match((await returned({ 'x-correlation-id': 'x'.repeat(129) })) ?? '', /^[0-9a-f-]{36}$/);
});

test('server errors are logged as errors', async () => {
  await using podinfo = await startPodinfo();
  await fetch(`${podinfo.url}/status/502`);
  assert.equal((await podinfo.line(({ status }) => status === 502))['level'], 'error');
});

test('LOG_LEVEL leaves out what is less important', async () => {
  const { stdout } = await runPodinfo({ LOG_LEVEL: 'error', FAULT_CRASH_AFTER_SECONDS: '0.1' });
  const lines = stdout.trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).level),
    ['error'],
  );
});

test('a client that leaves before the answer is logged as such', async () => {
  await using podinfo = await startPodinfo();
  const leaving = new AbortController();
  const left = fetch(`${podinfo.url}/delay/60`, { signal: leaving.signal });
  await until(
    async () => (await fetch(`${podinfo.url}/metrics`)).text(),
    (metrics) => /http_requests_in_flight\{.*\} 2/.test(metrics),
  );
  leaving.abort();
  await assert.rejects(left);
  const line = await podinfo.line(({ path }) => path === '/delay/60');
  assert.deepEqual(
    { status: line['status'], incomplete: line['incomplete'] },
    { status: 499, incomplete: true },
  );
});

test('it goes on serving when nobody reads its log any more', async () => {
  await using podinfo = await startPodinfo();
  podinfo.process.stdout?.destroy();
  for (let count = 0; count < 20; count += 1) {
    assert.equal((await fetch(`${podinfo.url}/version`)).status, 200);
  }
});
