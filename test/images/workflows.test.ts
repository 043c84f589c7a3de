import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';

const ROOT = path.join(import.meta.dirname, '../..');

const permissions = z.record(z.string(), z.string());
const workflowSchema = z.object({
  permissions: permissions.optional(),
  jobs: z.record(
    z.string(),
    z.object({
      permissions: permissions.optional(),
      needs: z.union([z.string(), z.array(z.string())]).optional(),
      steps: z.array(z.object({ uses: z.string().optional(), run: z.string().optional() })),
    }),
  ),
});

function workflow(name: string) {
  const text = readFileSync(path.join(ROOT, '.github/workflows', `${name}.yml`), 'utf8');
  return workflowSchema.parse(parse(text));
}

/** Lines that use an action of somebody else by anything but the full hash of a commit, with the version as a comment. */
function unpinned(text: string): readonly string[] {
  const uses = text.split('\n').filter((line) => /^\s*(- )?uses:/.test(line));
  return uses.filter(
    (line) => !/uses: (\.\/\S+|[\w.-]+(\/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/.test(line),
  );
}

describe('the workflows', () => {
  it('use actions of others by the hash of a commit only', () => {
    const files = globSync('.github/{workflows,actions}/**/*.yml', { cwd: ROOT });
    assert.ok(files.length >= 4);
    for (const file of files) {
      assert.deepEqual(unpinned(readFileSync(path.join(ROOT, file), 'utf8')), [], file);
    }
  });

  it('have a test that fails when an action is used by a tag', () => {
    for (const line of [
      '- uses: acme/build@v1',
      '  uses: acme/build@main',
      `- uses: acme/x@${'a'.repeat(40)}`,
    ]) {
      assert.equal(unpinned(line).length, 1, line);
    }
  });

  it('give no token to sign with to jobs that run packages or scanners', () => {
    const { jobs, permissions: everywhere } = workflow('image');
    assert.deepEqual(everywhere, {});
    for (const [name, { permissions: granted = {}, steps }] of Object.entries(jobs)) {
      const runs = steps.map(({ run = '' }) => run).join('\n');
      const isRisky = /\bnpm\b|in_container/.test(runs);
      assert.equal(isRisky, ['compile', 'reproduce', 'scan'].includes(name), name);
      if (isRisky) assert.deepEqual(granted, { contents: 'read' }, name);
    }
  });

  it('sign only what was scanned and built twice alike', () => {
    assert.deepEqual(workflow('image').jobs['sign']?.needs, ['build', 'reproduce', 'scan']);
  });
});
