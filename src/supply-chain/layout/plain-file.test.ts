import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { digestOf } from '../oci/digest.ts';
import { MEDIA_TYPES } from '../oci/media-types.ts';
import { readAll } from '../oci/read-all.ts';
import { layoutPaths } from './layout-paths.ts';
import { layoutRepository } from './layout-repository.ts';

const BYTES = Buffer.from('a layer');
const BLOB = { mediaType: MEDIA_TYPES.layer, digest: digestOf(BYTES), size: BYTES.length };

function emptyLayout(t: TestContext) {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-layout-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const paths = layoutPaths(directory);
  mkdirSync(paths.blobs, { recursive: true });
  return { paths, repository: layoutRepository('registry/podinfo', directory) };
}

describe('a layout in which something is no file', { timeout: 10_000 }, () => {
  it('does not wait for a pipe', { skip: process.platform === 'win32' }, async (t) => {
    const { paths, repository } = emptyLayout(t);
    execFileSync('mkfifo', [paths.index, paths.blob(BLOB.digest)]);
    await assert.rejects(repository.manifest(BLOB.digest), { code: 'MALFORMED_IMAGE' });
    await assert.rejects(readAll(repository.blob(BLOB), BLOB.size, BLOB.digest), { code: 'MALFORMED_IMAGE' });
  });

  it('does not take a directory for one', async (t) => {
    const { paths, repository } = emptyLayout(t);
    mkdirSync(paths.blob(BLOB.digest));
    await assert.rejects(readAll(repository.blob(BLOB), BLOB.size, BLOB.digest), { code: 'MALFORMED_IMAGE' });
  });
});
