import assert from 'node:assert/strict';
import { chmodSync, existsSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { describe, it } from 'node:test';
import { proxyPaths } from '../../paths.ts';
import { openControlSocket } from './control-socket.ts';
import { directory, workUntil } from '../testing/service.ts';

describe('the control socket', () => {
  it('is put back when it was removed, again and again', async (t) => {
    const paths = proxyPaths(directory(t));
    const control = await openControlSocket(createServer(), paths);
    let now = 0;
    for (let removals = 0; removals < 3; removals += 1) {
      rmSync(paths.socket);
      await workUntil(
        () => control.tend((now += 100)),
        () => existsSync(paths.socket),
      );
    }
    control.close();
    assert.ok(!existsSync(paths.socket));
  });

  it('is not put where somebody else could put another', async (t) => {
    const folder = directory(t);
    const paths = { ...proxyPaths(folder), socket: path.join(folder, 'it.sock'), isShared: true };
    chmodSync(folder, 0o777);
    await assert.rejects(openControlSocket(createServer(), paths), /is not this user's alone/);
  });
});
