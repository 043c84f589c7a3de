import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { takeExclusiveLock } from '../../src/locks/exclusive-lock.ts';
import { controlClient } from '../../src/targets/local/control-client.ts';
import { startLocal, stopLocal } from '../../src/targets/local/operations.ts';
import { proxyPaths } from '../../src/targets/local/paths.ts';
import type { LocalSettings } from '../../src/targets/local/settings.ts';
import { clock, freePort } from './project.ts';

/** Settings of a target that is stopped after the test. */
async function settings(t: TestContext, ...below: readonly string[]): Promise<LocalSettings> {
  const made = mkdtempSync(path.join(os.tmpdir(), 'canary-socket-'));
  const local: LocalSettings = {
    directory: path.join(made, ...below),
    proxy: {
      listen: { host: '127.0.0.1', port: await freePort() },
      sticky: null,
      preview: { header: 'x-canary' },
      responseTimeout: 5_000,
    },
    run: {
      processes: 1,
      place: { in: 'process' },
      health: { path: '/', interval: 500, timeout: 1_000, failures: 3 },
      drain: 500,
      stop: 500,
    },
  };
  t.after(async () => {
    await stopLocal(local);
    rmSync(made, { recursive: true, force: true });
  });
  return local;
}

async function pidOf({ directory }: LocalSettings): Promise<number> {
  return (await controlClient(proxyPaths(directory).socket).reading()).pid;
}

describe('a proxy whose socket was removed', () => {
  it('is found again by whoever wants it up', async (t) => {
    const local = await settings(t);
    await startLocal('web', local, clock);
    const before = await pidOf(local);
    rmSync(proxyPaths(local.directory).socket);
    await startLocal('web', local, clock);
    assert.equal(await pidOf(local), before);
  });

  it('is found again by whoever wants it down', async (t) => {
    const local = await settings(t);
    await startLocal('web', local, clock);
    rmSync(proxyPaths(local.directory).socket);
    assert.equal(await stopLocal(local), true);
    assert.equal(await stopLocal(local), false);
  });

  it('and is not put back is said to run, and how to end it', async (t) => {
    const local = await settings(t);
    const { lock } = proxyPaths(local.directory);
    const held = takeExclusiveLock(lock);
    await assert.rejects(startLocal('web', local, clock), /the proxy runs, but does not answer.*lsof/);
    await assert.rejects(stopLocal(local), /the proxy runs, but does not answer.*lsof/);
    held?.release();
  });
});

describe('a proxy whose directory has a long path', () => {
  it('is found by every shell, whatever its environment', async (t) => {
    const local = await settings(t, 'x'.repeat(120));
    await startLocal('web', local, clock);
    const before = process.env['TMPDIR'];
    t.after(() => {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
    });
    process.env['TMPDIR'] = path.join(local.directory, 'elsewhere');
    assert.ok((await pidOf(local)) > 0);
    assert.equal(await stopLocal(local), true);
  });
});
