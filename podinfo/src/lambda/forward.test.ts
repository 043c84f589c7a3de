import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { forward, type Asking } from './forward.ts';
import type { HttpEvent } from './http-event.ts';

const GET: HttpEvent = { form: 'gateway-2.0', method: 'GET', target: '/', headers: [], body: null };
const PATIENT = new AbortController().signal;

async function serving(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert(typeof address === 'object' && address !== null);
  return {
    ask: (event: HttpEvent, asking: Partial<Asking> = {}) =>
      forward(event, {
        server: { host: '127.0.0.1', port: address.port },
        limit: 1_000,
        signal: PATIENT,
        ...asking,
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

test('target, headers and body arrive as they are, without those of the connection', async () => {
  await using server = await serving((request, response) => {
    const { url, headersDistinct: headers } = request;
    void buffer(request).then((body) =>
      response.end(JSON.stringify({ url, headers, body: body.toString('hex') })),
    );
  });
  const { body } = await server.ask({
    ...GET,
    method: 'POST',
    target: '/a%2Fb?x=%20+&x',
    headers: [
      ['Host', 'api.example.com'],
      ['Accept', 'a'],
      ['accept', 'b'],
      ['Transfer-Encoding', 'chunked'],
      ['Upgrade', 'h2c'],
    ],
    body: Buffer.from([0, 255]),
  });
  const arrived = JSON.parse(String(body));
  assert.equal(arrived.url, '/a%2Fb?x=%20+&x');
  assert.equal(arrived.body, '00ff');
  assert.deepEqual(arrived.headers, {
    host: ['api.example.com'],
    accept: ['a', 'b'],
    'content-length': ['2'],
    connection: ['close'],
  });
});

test('a GET request without a body is sent without one', async () => {
  await using server = await serving((request, response) => {
    response.end(JSON.stringify([request.headers['content-length'], request.headers['transfer-encoding']]));
  });
  assert.equal(String((await server.ask(GET)).body), '[null,null]');
});

test('header values beyond ASCII go both ways', async () => {
  await using server = await serving((request, response) => {
    response.setHeader('x-back', String(request.headers['x-there']));
    response.end();
  });
  const { headers } = await server.ask({ ...GET, headers: [['x-there', 'größe €']] });
  assert.deepEqual(
    headers.find(([name]) => name === 'x-back'),
    ['x-back', 'größe €'],
  );
});

test('all values of a header come back, and no redirect is followed', async () => {
  await using server = await serving((_request, response) => {
    response.setHeader('Set-Cookie', ['a=1', 'b=2']);
    response.writeHead(302, { Location: '/elsewhere', Connection: 'close' }).end();
  });
  const { status, headers } = await server.ask(GET);
  assert.equal(status, 302);
  assert.deepEqual(
    headers.filter(([name]) => name !== 'date'),
    [
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
      ['location', '/elsewhere'],
    ],
  );
});

test('no more than the limit is read', async () => {
  await using server = await serving((_request, response) => {
    response.end('x'.repeat(1_001));
  });
  assert.equal((await server.ask(GET)).body, null);
  assert.equal((await server.ask(GET, { limit: 1_001 })).body?.length, 1_001);
});

test('when the signal aborts, the server sees its client leave', async () => {
  const leaving = new AbortController();
  const closed = Promise.withResolvers<void>();
  await using server = await serving((_request, response) => {
    response.once('close', () => closed.resolve());
    response.write('a beginning', () => leaving.abort());
  });
  await assert.rejects(server.ask(GET, { signal: leaving.signal }));
  await closed.promise;
});

test('an answer that breaks off is none', async () => {
  await using server = await serving((_request, response) => {
    response.writeHead(200, { 'Content-Length': 100 });
    response.write('half', () => response.destroy());
  });
  await assert.rejects(server.ask(GET));
});
