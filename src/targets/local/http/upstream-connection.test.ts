import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SMALL } from './send.ts';
import { startScripted } from './testing/upstreams.ts';
import { untilTrue } from './testing/until.ts';

test('bytes that may be kept are not overwritten by those that come later', async (t) => {
  const scripted = await startScripted(t);
  const kept: Buffer[] = [];
  let received = 0;
  const connection = scripted.upstream.connect({
    upstreamConnected: () => {},
    upstreamSent: (bytes) => {
      received += bytes.length;
      if (bytes.length > SMALL) kept.push(bytes);
    },
    upstreamEnded: () => {},
    upstreamClosed: () => {},
    upstreamDrained: () => {},
  });
  t.after(() => connection.socket.destroy());
  const server = await scripted.peer(0);
  const sent = ['a', 'b', 'c'];
  for (const [number, letter] of sent.entries()) {
    server.send(letter.repeat(5 * SMALL));
    await untilTrue('the bytes', () => received === (number + 1) * 5 * SMALL);
  }
  const letters = kept.map((bytes) => [...new Set(bytes.toString('latin1'))].join(''));
  assert.deepEqual([...new Set(letters)], sent);
});
