import assert from 'node:assert/strict';
import fs, { readdirSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { readState, writeState } from './state-file.ts';
import { directory, RUN, service } from '../testing/service.ts';

/** What is asked of the file system from now on: flushes, by whether a file or a directory is flushed, and renames. */
function recordDeeds(t: TestContext): readonly string[] {
  const deeds: string[] = [];
  const { fsyncSync, renameSync } = fs;
  t.after(() => {
    Object.assign(fs, { fsyncSync, renameSync });
    syncBuiltinESMExports();
  });
  Object.assign(fs, {
    fsyncSync(descriptor: number) {
      deeds.push(fs.fstatSync(descriptor).isDirectory() ? 'flush directory' : 'flush file');
      fsyncSync(descriptor);
    },
    renameSync(from: string, to: string) {
      deeds.push('rename');
      renameSync(from, to);
    },
  });
  syncBuiltinESMExports();
  return deeds;
}

describe('the state file', () => {
  it('is read as it was written', (t) => {
    const file = path.join(directory(t), 'deep', 'proxy.json');
    const state = { ...readState(file), guardFiredAt: 7 };
    writeState(file, state);
    assert.deepEqual(readState(file), state);
    assert.deepEqual(readdirSync(path.dirname(file)), ['proxy.json']);
  });

  it('of a proxy that knew no images is read', (t) => {
    const file = path.join(directory(t), 'proxy.json');
    const { artifact } = service();
    const release = { name: '1.0.0', digest: 'sha256:1', artifact };
    const instances = [{ identity: { pid: 7, birth: 'then' }, port: 9 }];
    const old = {
      version: 1,
      traffic: { stable: release, candidate: null, weight: 0 },
      fence: { sequence: 1, revision: 2 },
      guard: null,
      guardFiredAt: null,
      kept: [{ release, run: RUN, until: null, instances }],
    };
    writeFileSync(file, JSON.stringify(old));
    const { images, kept } = readState(file);
    assert.deepEqual([images, kept[0]?.release], [[], release]);
  });

  it('is on the disk before it takes the place of the one before, and its name after that', (t) => {
    const file = path.join(directory(t), 'proxy.json');
    const deeds = recordDeeds(t);
    writeState(file, readState(file));
    assert.deepEqual(deeds, ['flush file', 'rename', 'flush directory']);
  });

  it('that makes no sense is not taken for an empty one', (t) => {
    const file = path.join(directory(t), 'proxy.json');
    writeFileSync(file, '');
    assert.throws(() => readState(file), /is damaged: move it away/);
  });
});
