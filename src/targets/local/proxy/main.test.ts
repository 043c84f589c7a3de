import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { it } from 'node:test';
import { freePort } from '../http/testing/upstreams.ts';
import { controlClient } from '../control-client.ts';
import { proxyPaths } from '../paths.ts';
import type { LocalSettings } from '../settings.ts';
import { directory, RUN, workUntil } from './testing/service.ts';

it('a proxy goes on when whoever started it is gone before it could be told how the start went', async (t) => {
  const place = directory(t);
  const settings: LocalSettings = {
    directory: place,
    proxy: {
      listen: { host: '127.0.0.1', port: await freePort() },
      sticky: null,
      preview: { header: 'x-canary' },
      responseTimeout: 1_000,
    },
    run: RUN,
  };
  const main = path.join(import.meta.dirname, 'main.ts');
  const child = spawn(process.execPath, [main, JSON.stringify(settings)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  t.after(() => child.kill('SIGKILL'));
  child.disconnect();
  const client = controlClient(proxyPaths(place).socket);
  let pid: number | undefined;
  await workUntil(
    () =>
      void client.reading().then(
        (reading) => (pid = reading.pid),
        () => {},
      ),
    () => pid === child.pid || child.exitCode !== null,
  );
  await client.order('stop', {});
  assert.deepEqual(await ended, [0, null]);
});
