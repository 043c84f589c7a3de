import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, it } from 'node:test';
import { connectionsWithin, openFilesLimit } from './descriptors.ts';

describe('the limit of connections', () => {
  it('leaves descriptors for everything else', () => {
    assert.equal(connectionsWithin(1_024), 416);
    assert.ok(2 * connectionsWithin(512) < 512);
  });

  it('is neither nothing nor without bounds', () => {
    assert.equal(connectionsWithin(64), 16);
    assert.equal(connectionsWithin(Number.POSITIVE_INFINITY), 20_000);
  });

  it('follows the limit of the process', () => {
    assert.ok(openFilesLimit() > 64);
    const module = path.join(import.meta.dirname, 'descriptors.ts');
    const code = `const { openFilesLimit } = await import(${JSON.stringify(module)}); console.log(openFilesLimit())`;
    const asked = spawnSync(
      'sh',
      ['-c', 'ulimit -n 300; exec "$0" --input-type=module -e "$1"', process.execPath, code],
      { encoding: 'utf8' },
    );
    assert.equal(asked.stdout, '300\n');
  });
});
