import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { takeExclusiveLock } from './exclusive-lock.ts';

const MODULE = path.join(import.meta.dirname, 'exclusive-lock.ts');

function lockFile(t: TestContext): string {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-lock-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return path.join(directory, 'deep', 'it.lock');
}

/** Another process that takes the lock, drops every reference to it, collects its garbage, and stays. */
async function holder(t: TestContext, file: string) {
  const code = `
    const { takeExclusiveLock } = await import(${JSON.stringify(MODULE)});
    takeExclusiveLock(${JSON.stringify(file)});
    for (let round = 0; round < 5; round += 1) { globalThis.gc(); await new Promise(setImmediate); }
    process.stdout.write('held');
    setInterval(() => {}, 1_000);`;
  const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

describe('an exclusive lock', () => {
  it('is held by one at a time', (t) => {
    const file = lockFile(t);
    const lock = takeExclusiveLock(file);
    assert.notEqual(lock, null);
    assert.equal(takeExclusiveLock(file), null);
    lock?.release();
    takeExclusiveLock(file)?.release();
  });

  it('outlives every reference to it, and not its holder', async (t) => {
    const file = lockFile(t);
    const child = await holder(t, file);
    assert.equal(takeExclusiveLock(file), null);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const lock = takeExclusiveLock(file);
    assert.notEqual(lock, null);
    lock?.release();
  });
});
