import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type Project, project } from './project.ts';

const START = ['init', '--yes', '--command', 'node server.js'] as const;

/** A project without a configuration. */
async function bare(t: TestContext): Promise<Project> {
  const found = await project(t);
  rmSync(found.configFile);
  return found;
}

describe('canary init', { concurrency: false }, () => {
  it('writes a configuration that the other commands take', async (t) => {
    const { directory, canary } = await bare(t);
    const { code, stdout } = await canary(...START, '--health', '/up', '--listen', '8123');
    assert.equal(code, 0);
    assert.match(stdout, /Wrote canary\.config\.ts/);
    const file = path.join(directory, 'canary.config.ts');
    assert.match(readFileSync(file, 'utf8'), /listen: 8123[^]*health: \{ path: '\/up' \}/);
    assert.equal((await canary('status')).code, 0);
    assert.equal((await canary(...START)).code, 4, 'it is there already');
  });

  it('writes none beside another one, as nobody could tell which is meant', async (t) => {
    const { canary } = await project(t);
    const { code, stderr } = await canary(...START, '--force');
    assert.equal(code, 4);
    assert.match(stderr, /^canary\.config\.json is there already/);
  });

  it('writes it where it is told to', async (t) => {
    const { directory, canary } = await bare(t);
    assert.equal((await canary(...START, '--config', 'other.ts')).code, 0);
    assert.ok(existsSync(path.join(directory, 'other.ts')));
    assert.ok(!existsSync(path.join(directory, 'canary.config.ts')));
    assert.equal((await canary('status', '--config', 'other.ts')).code, 0);
  });

  it('writes nothing that could not be used, and says what would be right', async (t) => {
    const { directory, canary } = await bare(t);
    writeFileSync(path.join(directory, 'file'), '');
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
      [['--health', 'healthz'], /^the health path must begin with one "\/"/],
      [['--command', ' '], /^the command /],
      [['--listen', '99999'], /^--listen takes a port from 1 to 65535/],
      [['--config', 'other.yaml'], /^init writes TypeScript: --config takes a file such as/],
      [['--config', 'file/other.ts'], /other\.ts cannot be written; check/],
    ];
    for (const [options, expected] of wrong) {
      const { code, stderr } = await canary(...START, ...options);
      assert.equal(code, 2, options.join(' '));
      assert.match(stderr, expected);
      assert.ok(!existsSync(path.join(directory, 'canary.config.ts')), options.join(' '));
    }
  });
});
