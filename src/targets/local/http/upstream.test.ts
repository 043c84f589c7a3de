import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { startScripted } from './testing/upstreams.ts';
import { untilTrue } from './testing/until.ts';
import type { PoolLimits } from './upstream.ts';
import type { UpstreamConnection, UpstreamUser } from './upstream-connection.ts';

const FOR_EVER = Number.POSITIVE_INFINITY;
const PATIENT: Partial<PoolLimits> = { idleTime: 60_000 };

describe('an idle connection', () => {
  test('is used again, the last one first', async (t) => {
    const { upstream, connections, user } = await connected(t, { count: 2 });
    const [first, second] = connections;
    assert(first !== undefined && second !== undefined);
    upstream.release(first, FOR_EVER, 0);
    upstream.release(second, FOR_EVER, 0);
    assert.equal(upstream.inFlight, 0);
    assert.equal(upstream.reuse(user, 1), second);
    assert.equal(upstream.reuse(user, 1), first);
    assert.equal(upstream.reuse(user, 1), null);
    assert.equal(upstream.inFlight, 2);
    assert(first.isReused);
  });

  test('is not used again when it lay idle for too long', async (t) => {
    const { upstream, connections, user } = await connected(t);
    const [connection] = connections;
    assert(connection !== undefined);
    upstream.release(connection, 2, 0);
    assert.equal(upstream.reuse(user, 1_500), null);
    assert(connection.socket.destroyed);
  });

  test('is given up when the upstream keeps it hardly longer than a request takes', async (t) => {
    const { upstream, connections } = await connected(t);
    const [connection] = connections;
    assert(connection !== undefined);
    upstream.release(connection, 0, 0);
    assert(connection.socket.destroyed);
  });

  test('is given up when the upstream says something, even if reading it was paused', async (t) => {
    const { upstream, connections, peers } = await connected(t);
    const [connection] = connections;
    assert(connection !== undefined);
    connection.socket.pause();
    upstream.release(connection, FOR_EVER, 0);
    peers[0]?.send('HTTP/1.1 200 OK\r\n\r\n');
    await untilTrue('the end of the connection', () => connection.socket.destroyed);
  });

  test('is not kept by an upstream that is closed', async (t) => {
    const { upstream, connections } = await connected(t, { count: 2 });
    const [idle, busy] = connections;
    assert(idle !== undefined && busy !== undefined);
    upstream.release(idle, FOR_EVER, 0);
    upstream.close();
    assert(idle.socket.destroyed);
    assert(!busy.socket.destroyed);
    upstream.release(busy, FOR_EVER, 0);
    assert(busy.socket.destroyed);
  });
});

/** An upstream with connections that stand, all of them in use. */
async function connected(t: TestContext, { count = 1 } = {}) {
  const { upstream, peers } = await startScripted(t, PATIENT);
  let standing = 0;
  const user: UpstreamUser = {
    upstreamConnected: () => {
      standing += 1;
    },
    upstreamSent: () => {},
    upstreamEnded: () => {},
    upstreamClosed: () => {},
    upstreamDrained: () => {},
  };
  const connections: UpstreamConnection[] = [];
  for (let number = 0; number < count; number += 1) connections.push(upstream.connect(user));
  t.after(() => connections.forEach(({ socket }) => socket.destroy()));
  await untilTrue('connections', () => standing === count && peers.length === count);
  return { upstream, connections, peers, user };
}
