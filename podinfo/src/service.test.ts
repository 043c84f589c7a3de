import assert from 'node:assert/strict';
import { request } from 'node:http';
import { connect } from 'node:net';
import { hostname } from 'node:os';
import { after, test } from 'node:test';
import { text } from 'node:stream/consumers';
import manifest from '../package.json' with { type: 'json' };
import { startPodinfo } from './testing/podinfo.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const podinfo = await startPodinfo({ VERSION: '1.2.3', PAGE_COLOR: 'teal', RELEASE_DIGEST: DIGEST });
after(() => podinfo[Symbol.asyncDispose]());

function get(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${podinfo.url}${path}`, init);
}

test('it is alive and ready as soon as it listens', async () => {
  assert.deepEqual(await (await get('/healthz')).json(), { status: 'alive' });
  const ready = await get('/readyz');
  assert.equal(ready.status, 200);
  assert.deepEqual(await ready.json(), { status: 'ready' });
});

test('/version says what was told about the release', async () => {
  const response = await get('/version');
  assert.deepEqual(await response.json(), { version: '1.2.3', digest: DIGEST, color: 'teal' });
});

test('without being told, the version is that of the package and the digest unknown', async () => {
  await using untold = await startPodinfo();
  const response = await fetch(`${untold.url}/version`);
  assert.partialDeepStrictEqual(await response.json(), { version: manifest.version, digest: null });
});

test('/info describes the process and its faults', async () => {
  assert.partialDeepStrictEqual(await (await get('/info')).json(), {
    version: '1.2.3',
    digest: DIGEST,
    color: 'teal',
    hostname: hostname(),
    pid: podinfo.process.pid,
    node: process.version,
    faults: {
      errorRate: 0,
      latencyMs: 0,
      latencyRate: 1,
      afterSeconds: 0,
      crashAfterSeconds: null,
      notReady: false,
    },
  });
});

test('every answer names the release, also errors', async () => {
  for (const path of ['/', '/healthz', '/status/503', '/nowhere']) {
    assert.equal((await get(path)).headers.get('x-release'), '1.2.3', path);
  }
});

test('/ is a page for browsers and JSON for everyone else', async () => {
  const browser = await get('/', { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } });
  assert.match(browser.headers.get('content-type') ?? '', /^text\/html/);
  assert.match(await browser.text(), /<h1>1\.2\.3<\/h1>/);

  for (const accept of ['*/*', 'application/json', 'application/json, text/html;q=0.5']) {
    const response = await get('/', { headers: { accept } });
    assert.equal(response.headers.get('vary'), 'Accept');
    assert.partialDeepStrictEqual(await response.json(), { service: 'podinfo', version: '1.2.3' }, accept);
  }
});

test('/status/:code answers with that code, whatever the method', async () => {
  for (const code of [200, 201, 204, 205, 304, 404, 418, 500, 503, 599]) {
    assert.equal((await get(`/status/${code}`)).status, code);
    assert.equal((await get(`/status/${code}`, { method: 'DELETE' })).status, code);
  }
});

test('/status/:code refuses what cannot be the status of an answer', async () => {
  for (const code of ['100', '101', '199', '099', '600', '0', '2e2', '200.5', 'abc', '', '%32%30%30']) {
    const response = await get(`/status/${code}`);
    assert.equal(response.status, 400, code);
    assert.match(await response.text(), /"error":".*from 200 to 599/);
  }
});

test('/delay/:seconds answers after that time', async () => {
  const began = performance.now();
  const response = await get('/delay/0.12');
  assert.deepEqual(await response.json(), { delayedSeconds: 0.12 });
  // Timers may be a millisecond early.
  assert(performance.now() - began >= 119);
});

test('/delay/:seconds refuses more than a minute and what is no number', async () => {
  for (const seconds of ['61', '60.001', '-1', 'x', '1e1', '']) {
    assert.equal((await get(`/delay/${seconds}`)).status, 400, seconds);
  }
});

test('/stream/:count sends that many events and ends', async () => {
  const response = await get('/stream/3');
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  const events = (await response.text()).trimEnd().split('\n\n');
  assert.deepEqual(
    events,
    [1, 2, 3].map((number) => `id: ${number}\ndata: {"number":${number},"version":"1.2.3"}`),
  );
  for (const count of ['0', '601', 'x', '1.5']) assert.equal((await get(`/stream/${count}`)).status, 400);
});

test('an unknown path is a 404 in JSON', async () => {
  for (const path of ['/nowhere', '/healthz/', '/status', '/status/200/more', '//healthz']) {
    const response = await get(path);
    assert.equal(response.status, 404, path);
    assert.deepEqual(await response.json(), {
      error: 'There is nothing at this path; GET / says what there is.',
    });
  }
});

test('a wrong method is a 405 that says what is allowed', async () => {
  for (const path of ['/', '/healthz', '/metrics', '/version', '/delay/1', '/stream/1']) {
    const response = await get(path, { method: 'POST' });
    assert.equal(response.status, 405, path);
    assert.equal(response.headers.get('allow'), 'GET, HEAD');
  }
});

test('HEAD is answered like GET, without a body', async () => {
  for (const path of ['/', '/healthz', '/version', '/stream/600']) {
    const response = await get(path, { method: 'HEAD' });
    assert.equal(response.status, 200, path);
    assert.equal(await response.text(), '');
  }
});

test('a request in the form that proxies get is understood', async () => {
  const socket = connect(podinfo.port, '127.0.0.1');
  socket.write(
    'GET http://podinfo.test/version?a=b HTTP/1.1\r\nHost: podinfo.test\r\nConnection: close\r\n\r\n',
  );
  assert.match(await text(socket), /^HTTP\/1\.1 200 OK[^]*"version":"1\.2\.3"/);
});

test('/echo tells method, path, query, headers and body', async () => {
  const response = await get('/echo?a=1&a=2&b=', {
    method: 'PUT',
    headers: { 'content-type': 'application/json', 'x-custom': 'yes' },
    body: '{"list":[1,"two",null,true],"deep":{"er":1.5}}',
  });
  assert.partialDeepStrictEqual(await response.json(), {
    method: 'PUT',
    path: '/echo',
    query: { a: ['1', '2'], b: [''] },
    headers: { 'x-custom': 'yes' },
    body: { list: [1, 'two', null, true], deep: { er: 1.5 } },
  });
});

async function echoedBody(body: string | URLSearchParams | FormData | null): Promise<unknown> {
  const response = await get('/echo', { method: 'POST', body });
  const echoed: unknown = await response.json();
  assert(typeof echoed === 'object' && echoed !== null && 'body' in echoed);
  return echoed.body;
}

test('/echo shows other bodies as text, forms by their fields and multipart by its size', async () => {
  assert.equal(await echoedBody('just text'), 'just text');
  assert.equal(await echoedBody(null), null);
  assert.deepEqual(await echoedBody(new URLSearchParams('a=1&b=x%20y')), { a: ['1'], b: ['x y'] });
  const form = new FormData();
  form.set('password', 'hunter2');
  assert.match(String(await echoedBody(form)), /^\[\d+ bytes of multipart\/form-data\]$/);
});

const MEBIBYTE = 1024 * 1024;

test('/echo takes a body of a mebibyte and refuses a longer one', async () => {
  assert.equal(await echoedBody('x'.repeat(MEBIBYTE)), 'x'.repeat(MEBIBYTE));
  const more = await get('/echo', { method: 'POST', body: 'x'.repeat(MEBIBYTE + 1) });
  assert.equal(more.status, 413);
});

test('/echo refuses a body without announced length as soon as it is too long', async () => {
  const upload = request(`${podinfo.url}/echo`, { method: 'POST' });
  const chunk = Buffer.alloc(64 * 1024, 'x');
  let sent = 0;
  const answered = new Promise<number | undefined>((resolve, reject) => {
    upload.once('response', (response) => resolve(response.statusCode)).once('error', reject);
  });
  // The body never ends; only the answer stops it.
  const push = () => {
    do sent += chunk.length;
    while (!upload.destroyed && upload.write(chunk));
  };
  upload.on('drain', push);
  push();
  assert.equal(await answered, 413);
  assert(sent >= MEBIBYTE);
  upload.destroy();
});

test('the connection is still good after a body that was too long', async () => {
  const socket = connect(podinfo.port, '127.0.0.1');
  const length = 4 * MEBIBYTE;
  socket.write('POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
  socket.write(`${length.toString(16)}\r\n${'x'.repeat(length)}\r\n0\r\n\r\n`);
  socket.write('GET /version HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  const statuses = [...(await text(socket)).matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status);
  assert.deepEqual(statuses, ['413', '200']);
});

test('/echo survives structures that are nested beyond reason', async () => {
  const response = await get('/echo', { method: 'POST', body: '['.repeat(200_000) + ']'.repeat(200_000) });
  assert.equal(response.status, 200);
  assert.match(await response.text(), /nested too deeply/);
});

test('/metrics counts requests by route and status, not by path', async () => {
  await using fresh = await startPodinfo({ VERSION: '2.0.0' });
  for (const path of ['/status/503', '/status/503', '/status/200', '/a', '/b'])
    await fetch(`${fresh.url}${path}`);
  const metrics = await (await fetch(`${fresh.url}/metrics`)).text();
  const lines = metrics.split('\n');
  for (const line of [
    'http_requests_total{release="2.0.0",route="/status/:code",status="503"} 2',
    'http_requests_total{release="2.0.0",route="/status/:code",status="200"} 1',
    'http_requests_total{release="2.0.0",route="unknown",status="404"} 2',
    'http_request_duration_seconds_count{release="2.0.0",route="/status/:code"} 3',
    'http_request_duration_seconds_bucket{release="2.0.0",route="/status/:code",le="+Inf"} 3',
    'http_requests_in_flight{release="2.0.0"} 1',
    `podinfo_build_info{version="2.0.0",digest="",node="${process.version}"} 1`,
  ]) {
    assert(lines.includes(line), `${line} is missing in\n${metrics}`);
  }
});
