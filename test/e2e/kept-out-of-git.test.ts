import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { project } from './project.ts';

/** Files that `git add .` would take. */
function untracked(directory: string): readonly string[] {
  execFileSync('git', ['init', '--quiet'], { cwd: directory });
  const said = execFileSync('git', ['ls-files', '--others', '--exclude-standard'], { cwd: directory });
  return said.toString().trim().split('\n');
}

describe('the state and its keys', { concurrency: false }, () => {
  for (const [claim, isThere] of [
    ['are kept out of git when an image is the first thing that is made', false],
    ['are kept out of git when somebody made the directory for the advisories', true],
  ] as const) {
    it(claim, async (t) => {
      const { directory, canary } = await project(t);
      const service = path.join(directory, 'service');
      mkdirSync(path.join(service, ...(isThere ? ['.canary/advisories/npm'] : [])), { recursive: true });
      writeFileSync(path.join(service, 'server.js'), '');
      const config = path.join(service, 'canary.config.json');
      const environments = [
        { name: 'dev', targets: [{ kind: 'local', name: 'web', listen: 1 }], plan: { steps: [] } },
      ];
      writeFileSync(
        config,
        JSON.stringify({ service: 'shop', run: { command: 'node server.js' }, environments }),
      );
      const start = ['--entrypoint', 'node server.js', '--release', '1.0.0', '--config', config];
      const built = await canary('build', service, ...start);
      assert.equal(built.code, 0, built.stderr);
      assert.deepEqual(untracked(service), ['canary.config.json', 'server.js']);
    });
  }
});
