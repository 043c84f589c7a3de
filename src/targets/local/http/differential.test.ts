import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { RequestHead } from './index.ts';
import { requestTexts, responseTexts } from './testing/messages.ts';
import { startProxy } from './testing/proxy.ts';
import { understandRequests, understandResponse } from './testing/readings.ts';
import { startStrictClient, startStrictServer } from './testing/strict-node.ts';
import { startHttp } from './testing/upstreams.ts';

/** Fixed, so that the check is the same every day. Another seed and more runs look further. */
const fuzzing = { seed: 20_261_121, numRuns: 2_000 };

test('accepts no request that llhttp refuses, and reads the same in the others', async (t) => {
  const readStrictly = await startStrictServer(t);
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(requestTexts, async (text) => {
      const { readings } = understandRequests([text]);
      if (readings.length === 0) return;
      accepted += readings.length;
      const theirs = await readStrictly(text);
      assert.deepEqual(theirs.slice(0, readings.length), readings);
    }),
    fuzzing,
  );
  assert(accepted > fuzzing.numRuns / 4, `only ${accepted} were worth comparing`);
});

test('accepts no response that llhttp refuses, and reads the same in the others', async (t) => {
  const readStrictly = await startStrictClient(t);
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(responseTexts, async (text) => {
      const { readings, rest } = understandResponse([text]);
      const final = readings.at(-1);
      // The proxy passes a response on and drops the connection when more comes behind it; llhttp refuses all of it.
      if (final === undefined || final.head.startsWith('1') || rest !== '') return;
      accepted += 1;
      assert.deepEqual(await readStrictly(text), final);
    }),
    fuzzing,
  );
  assert(accepted > fuzzing.numRuns / 10, `only ${accepted} were worth comparing`);
});

test('understands the same however the bytes are cut', () => {
  fc.assert(
    fc.property(
      requestTexts,
      responseTexts,
      fc.array(fc.nat(), { maxLength: 12 }),
      (request, response, cuts) => {
        assert.deepEqual(understandRequests(cut(request, cuts)), understandRequests([request]));
        assert.deepEqual(understandRequests(request.split('')), understandRequests([request]));
        assert.deepEqual(understandResponse(cut(response, cuts)), understandResponse([response]));
        assert.deepEqual(understandResponse(response.split('')), understandResponse([response]));
      },
    ),
    fuzzing,
  );
});

test('lets nothing reach the upstream that the router has not seen, whatever the client sends', async (t) => {
  const routed = new Map<string | undefined, string>();
  const unknown: unknown[] = [];
  const { upstream, server } = await startHttp(t, (request, response) => {
    const seal = request.headersDistinct['x-seal']?.join();
    const line = `${request.method} ${request.url}`;
    if (routed.get(seal) !== line) unknown.push({ seal, line });
    routed.delete(seal);
    request.resume().on('end', () => response.end());
  });
  server.on('clientError', (error) => {
    const isCutOff = 'code' in error && error.code === 'HPE_INVALID_EOF_STATE';
    if (!isCutOff) unknown.push(error);
  });
  let seals = 0;
  const sealed = ({ method, target }: RequestHead): string => {
    seals += 1;
    routed.set(`${seals}`, `${method} ${target}`);
    return `X-Seal: ${seals}\r\n`;
  };
  const proxy = await startProxy(t, { to: [upstream], requestHeaders: sealed });
  await fc.assert(
    fc.asyncProperty(requestTexts, async (text) => {
      const { readings, isRefused } = understandRequests([text]);
      const client = await proxy.client();
      client.send(text);
      await client.answers(readings.length + (isRefused ? 1 : 0));
      client.socket.destroy();
      assert.deepEqual(unknown, []);
    }),
    { ...fuzzing, numRuns: 1_000 },
  );
});

function cut(text: string, cuts: readonly number[]): readonly string[] {
  const places = cuts.map((place) => place % (text.length + 1)).toSorted((a, b) => a - b);
  return [...places, text.length].map((place, index) => text.slice(places[index - 1] ?? 0, place));
}
