import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runPodinfo, startPodinfo, until, type Podinfo } from './testing/podinfo.ts';

async function statuses(podinfo: Podinfo, count: number): Promise<readonly number[]> {
  const seen: number[] = [];
  while (seen.length < count) seen.push((await fetch(`${podinfo.url}/version`)).status);
  return seen;
}

async function statusOf(url: string): Promise<number> {
  return (await fetch(url)).status;
}

test('the asked share of user requests fails', async () => {
  await using podinfo = await startPodinfo({ FAULT_ERROR_RATE: '0.25', FAULT_SEED: '1' });
  const failed = (await statuses(podinfo, 400)).filter((status) => status === 500).length;
  // Four standard deviations around 100; with this seed it is always the same number.
  assert(failed > 65 && failed < 135, `${failed} of 400 failed`);
});

test('the seed decides which requests fail', async () => {
  const environment = { FAULT_ERROR_RATE: '0.5', FAULT_SEED: '42' };
  await using one = await startPodinfo(environment);
  await using same = await startPodinfo(environment);
  await using other = await startPodinfo({ ...environment, FAULT_SEED: '43' });
  const pattern = await statuses(one, 40);
  assert.deepEqual(await statuses(same, 40), pattern);
  assert.notDeepEqual(await statuses(other, 40), pattern);
});

test('the seed that was drawn is told, so that a run can be repeated', async () => {
  await using drawn = await startPodinfo({ FAULT_ERROR_RATE: '0.5' });
  const pattern = await statuses(drawn, 40);
  const seed = /"seed":(\d+)/.exec(await untilAnswered(`${drawn.url}/info`))?.[1] ?? 'none';
  await using again = await startPodinfo({ FAULT_ERROR_RATE: '0.5', FAULT_SEED: seed });
  assert.deepEqual(await statuses(again, 40), pattern);
});

async function untilAnswered(url: string): Promise<string> {
  const response = await until(
    () => fetch(url),
    ({ ok }) => ok,
  );
  return response.text();
}

test('every user route can fail, but what operators ask cannot', async () => {
  await using podinfo = await startPodinfo({ FAULT_ERROR_RATE: '1' });
  for (const path of [
    '/',
    '/version',
    '/info',
    '/status/200',
    '/echo',
    '/delay/0',
    '/stream/1',
    '/nowhere',
  ]) {
    assert.equal(await statusOf(podinfo.url + path), 500, path);
  }
  for (const path of ['/healthz', '/readyz', '/metrics']) {
    assert.equal(await statusOf(podinfo.url + path), 200, path);
  }
});

test('a failure that was injected is marked as such in the log', async () => {
  await using podinfo = await startPodinfo({ FAULT_ERROR_RATE: '1' });
  await statusOf(`${podinfo.url}/version`);
  const line = await podinfo.line(({ path }) => path === '/version');
  assert.deepEqual({ status: line['status'], fault: line['fault'] }, { status: 500, fault: 'error' });
});

test('latency is added to user requests only', async () => {
  await using podinfo = await startPodinfo({ FAULT_LATENCY_MS: '150' });
  await Promise.all(['/version', '/healthz'].map((path) => statusOf(podinfo.url + path)));
  const slow = await podinfo.line(({ path }) => path === '/version');
  const fast = await podinfo.line(({ path }) => path === '/healthz');
  // Timers may be a millisecond early.
  assert(Number(slow['durationMs']) >= 149);
  assert.equal(slow['fault'], 'latency');
  assert.equal(fast['fault'], undefined);
});

test('latency hits only its share', async () => {
  await using podinfo = await startPodinfo({
    FAULT_LATENCY_MS: '2',
    FAULT_LATENCY_RATE: '0.5',
    FAULT_SEED: '7',
  });
  await statuses(podinfo, 60);
  const requests = await until(
    async () => podinfo.lines().filter(({ message }) => message === 'request'),
    ({ length }) => length === 60,
  );
  const slow = requests.filter(({ fault }) => fault === 'latency').length;
  assert(slow > 10 && slow < 50, `${slow} of 60 were slow`);
});

test('nothing goes wrong before its time', async () => {
  await using podinfo = await startPodinfo({ FAULT_ERROR_RATE: '1', FAULT_AFTER_SECONDS: '3600' });
  assert.deepEqual(new Set(await statuses(podinfo, 20)), new Set([200]));
});

test('errors begin when their time has come', async () => {
  await using podinfo = await startPodinfo({ FAULT_ERROR_RATE: '1', FAULT_AFTER_SECONDS: '0.3' });
  await until(
    () => statusOf(`${podinfo.url}/version`),
    (status) => status === 500,
  );
});

test('it crashes with code 1 when told to', async () => {
  const { code, stdout } = await runPodinfo({ FAULT_CRASH_AFTER_SECONDS: '0.2' });
  assert.equal(code, 1);
  assert.match(stdout, /"message":"crashing, as FAULT_CRASH_AFTER_SECONDS says"/);
});

test('it never gets ready when told so, but lives', async () => {
  await using podinfo = await startPodinfo({ FAULT_NOT_READY: 'true' });
  const response = await fetch(`${podinfo.url}/readyz`);
  assert.equal(response.status, 503);
  assert.deepEqual(await response.json(), { status: 'never-ready' });
  assert.equal(await statusOf(`${podinfo.url}/healthz`), 200);
});

test('it is not ready during the start delay', async () => {
  await using podinfo = await startPodinfo({ START_DELAY: '3600' });
  const response = await fetch(`${podinfo.url}/readyz`);
  assert.equal(response.status, 503);
  assert.deepEqual(await response.json(), { status: 'starting' });
});

test('it gets ready after the start delay', async () => {
  await using podinfo = await startPodinfo({ START_DELAY: '0.3' });
  await until(
    () => statusOf(`${podinfo.url}/readyz`),
    (status) => status === 200,
  );
});
