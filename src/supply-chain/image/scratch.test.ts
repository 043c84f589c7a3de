import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { openScratch } from './scratch.ts';
import { temporaryDirectory } from './testing/directories.ts';

/** A process that opens a directory, says which, and stays. */
const WORKER = `
const { openScratch } = await import(process.argv[1]);
const { directory } = await openScratch(process.argv[2]);
console.log(directory);
setInterval(() => {}, 1000);
`;

describe('a directory for work', () => {
  it('is gone with all that is in it when the work is done', async (t) => {
    const parent = temporaryDirectory(t);
    {
      await using scratch = await openScratch(parent);
      writeFileSync(path.join(scratch.directory, 'layer'), '');
    }
    assert.deepEqual(readdirSync(parent), []);
  });

  it('stays while its process lives, and is cleared away by the next one when that was killed', async (t) => {
    const parent = temporaryDirectory(t);
    const module = new URL('./scratch.ts', import.meta.url).href;
    const worker = spawn(process.execPath, ['--input-type=module', '-e', WORKER, module, parent], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => worker.kill('SIGKILL'));
    const [said] = await once(worker.stdout.setEncoding('utf8'), 'data');
    const left = String(said).trim();
    {
      await using _ = await openScratch(parent);
      assert.ok(existsSync(left));
    }
    worker.kill('SIGKILL');
    await once(worker, 'exit');
    {
      await using _ = await openScratch(parent);
      assert.equal(existsSync(left), false);
    }
    assert.deepEqual(readdirSync(parent), []);
  });
});
