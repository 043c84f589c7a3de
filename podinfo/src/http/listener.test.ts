import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { SPARED } from '../faults/faults.ts';
import { readiness } from '../lifecycle/readiness.ts';
import { requestMetrics } from '../reporting/metrics.ts';
import { redaction } from '../reporting/redaction.ts';
import { requestListener } from './listener.ts';
import { router, type Route } from './router.ts';

/** Asks a service that has only this route for `/`; returns the answer and what was logged. */
async function ask(answer: Route['answer']) {
  const logged: Readonly<Record<string, unknown>>[] = [];
  const listener = requestListener({
    version: '1.0.0',
    route: router([{ path: '/', method: 'GET', audience: 'users', answer }]),
    nextFate: () => SPARED,
    readiness: readiness({ startDelay: 0, neverReady: false, elapsed: () => 0 }),
    metrics: requestMetrics('1.0.0', {}),
    log: (level, message, fields) => logged.push({ level, message, ...fields }),
    redaction: redaction([]),
  });
  await using server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert(typeof address === 'object' && address !== null);
  const url = `http://127.0.0.1:${address.port}/`;
  const response = await fetch(url, { headers: { connection: 'close', 'x-request-id': 'the-id' } });
  const body = await response.text().catch(() => 'broken off');
  return { status: response.status, body, logged };
}

test('an unforeseen error is a 500 that tells nothing, and its log line has the correlation id', async () => {
  const { status, body, logged } = await ask(() => {
    throw new Error('a private matter');
  });
  assert.equal(status, 500);
  assert.equal(body, '{"error":"Something went wrong inside podinfo; the log says what."}\n');
  assert.partialDeepStrictEqual(logged[0], { level: 'error', correlationId: 'the-id' });
  assert.match(String(logged[0]?.['error']), /^Error: a private matter\n {4}at /);
  assert.partialDeepStrictEqual(logged[1], { message: 'request', status: 500 });
});

test('an answer that breaks in the middle closes the connection and is logged as incomplete', async () => {
  const { body, logged } = await ask(() => ({ status: 200, headers: {}, body: breaking() }));
  assert.equal(body, 'broken off');
  assert.partialDeepStrictEqual(logged[0], { message: 'request', status: 200, incomplete: true });
});

async function* breaking(): AsyncGenerator<string> {
  yield 'the beginning';
  throw new Error('and no more');
}
