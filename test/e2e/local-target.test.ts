import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { it } from 'node:test';
import type { Release } from '../../src/core/release.ts';
import { localSite } from '../../src/targets/local/local-site.ts';
import { isStopped, mayStart, stopLocal } from '../../src/targets/local/operations.ts';
import type { LocalSettings } from '../../src/targets/local/settings.ts';
import { release } from '../builders.ts';
import { targetContract } from '../contracts/target-contract.ts';
import { clock, freePort, ROOT } from './project.ts';

function podinfo(version: string): Release {
  const env = { VERSION: version, LOG_LEVEL: 'error' };
  const command = [process.execPath, path.join(ROOT, 'podinfo/src/main.ts')] as const;
  return { ...release(version), artifact: { kind: 'command', command, env, cwd: ROOT } };
}

function settingsOf(directory: string, port: number): LocalSettings {
  return {
    directory,
    proxy: {
      listen: { host: '127.0.0.1', port },
      sticky: null,
      preview: { header: 'x-canary' },
      responseTimeout: 5_000,
    },
    run: {
      processes: 1,
      place: { in: 'process' },
      health: { path: '/readyz', interval: 500, timeout: 1_000, failures: 3 },
      drain: 1_000,
      stop: 2_000,
    },
  };
}

targetContract('local', async () => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-target-'));
  const port = await freePort();
  const settings = settingsOf(directory, port);
  return {
    site: localSite(settings, clock),
    isFenced: true,
    stable: podinfo('1.0.0'),
    candidate: podinfo('1.1.0'),
    now: () => clock.now(),
    pass: (time) => clock.wait(time),
    async use(requests) {
      for (let sent = 0; sent < requests; sent += 1) {
        const answer = await fetch(`http://127.0.0.1:${port}/version`);
        await answer.text();
      }
    },
    async close() {
      await stopLocal(settings);
      rmSync(directory, { recursive: true, force: true });
    },
  };
});

it('is not started by a controller once a person has stopped it', async (t) => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-target-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const settings = settingsOf(directory, await freePort());
  const signal = AbortSignal.timeout(10_000);
  const site = localSite(settings, clock);
  await site.target.observe(signal);
  assert.equal(await stopLocal(settings), true);
  await assert.rejects(
    site.target.observe(signal),
    /stopped with `canary down`; `canary up` starts it again/,
  );
  assert.deepEqual([isStopped(settings), await stopLocal(settings)], [true, false]);
  mayStart(settings);
  await site.target.observe(signal);
  assert.equal(await stopLocal(settings), true);
});
