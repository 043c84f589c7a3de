import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { controlServer } from './control-server.ts';
import { directory, workUntil } from '../testing/service.ts';

/** A control server, its listeners for news, and a way to say raw words to it. */
async function rig(t: TestContext) {
  const socket = path.join(directory(t), 'it.sock');
  const listeners = new Set<(line: string) => void>();
  const server = controlServer(
    { reading: () => ({ all: 'well' }) },
    {
      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
  );
  server.listen(socket);
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    listeners,
    async say(words: string) {
      const client = connect(socket).on('error', () => {});
      t.after(() => client.destroy());
      await once(client, 'connect');
      client.write(words, 'latin1');
      return client;
    },
  };
}

describe('the control server', () => {
  it('lets go of a listener that does not read the news', async (t) => {
    const { listeners, say } = await rig(t);
    const client = await say('GET /news HTTP/1.1\r\nHost: a\r\n\r\n');
    client.pause();
    await workUntil(
      () => {},
      () => listeners.size === 1,
    );
    const line = 'a'.repeat(1_000);
    await workUntil(
      () => {
        for (let lines = 0; lines < 200; lines += 1) for (const listener of listeners) listener(line);
      },
      () => listeners.size === 0,
    );
  });

  it('outlives whatever is said to it', async (t) => {
    const { say } = await rig(t);
    const garbage = [
      '\0\xff\r\n\r\n',
      'POST /__proto__ HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}',
      'POST /reading HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n{',
      'POST /reading HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{',
      `POST /reading HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n${' '.repeat(3_000_000)}`,
    ];
    for (const words of garbage) (await say(words)).end();
    const client = await say('POST /reading HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    let answer = '';
    for await (const part of client.setEncoding('utf8')) answer += part;
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n[^]*\{"all":"well"\}/);
  });
});
