import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { it } from 'node:test';
import { promisify } from 'node:util';

const FILE = `
import { describe, it } from 'node:test';
it('passes', () => {});
it('is skipped', { skip: 'for a reason' }, () => {});
describe('all of it', { skip: 'for another' }, () => { it('is skipped too', () => {}); });
`;

it('a run of the tests ends with what was skipped and why, be it a test or a whole suite', async (t) => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-count-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const file = path.join(directory, 'some.test.ts');
  writeFileSync(file, FILE);
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const runner = path.join(import.meta.dirname, '../scripts/test.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [runner, file], { env });
  assert.match(
    stdout,
    /\nSkipped:\n {2}is skipped: for a reason\n {2}all of it: for another\n\n1 passed, 0 failed, 2 skipped\n/,
  );
});
