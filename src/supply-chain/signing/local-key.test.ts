import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { fingerprintOf } from './key-fingerprint.ts';
import { localKey } from './local-key.ts';

function place(t: TestContext): string {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-keys-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return path.join(directory, 'state', 'keys');
}

describe('a key in files', () => {
  it('is made on first use, for its owner only, and the same ever after', (t) => {
    const directory = place(t);
    const made = localKey(directory, 'build');
    assert.equal(made.isNew, true);
    assert.deepEqual(readdirSync(directory).toSorted(), ['.gitignore', 'build.key', 'build.pub']);
    assert.equal(statSync(path.join(directory, 'build.key')).mode & 0o777, 0o600);
    assert.equal(statSync(directory).mode & 0o777, 0o700);
    assert.match(readFileSync(path.join(directory, 'build.key'), 'utf8'), /^-----BEGIN PRIVATE KEY-----/);
    assert.equal(made.publicKeyFile, path.join(directory, 'build.pub'));
    assert.match(readFileSync(made.publicKeyFile, 'utf8'), /^-----BEGIN PUBLIC KEY-----/);
    const again = localKey(directory, 'build');
    assert.equal(again.isNew, false);
    assert.equal(fingerprintOf(again.publicKey), fingerprintOf(made.publicKey));
    assert.notEqual(fingerprintOf(localKey(directory, 'other').publicKey), fingerprintOf(made.publicKey));
  });

  it('is one and the same for processes that make it at the same time', async (t) => {
    const directory = place(t);
    const code = `
      const { localKey } = await import(${JSON.stringify(path.join(import.meta.dirname, 'local-key.ts'))});
      const { fingerprintOf } = await import(${JSON.stringify(path.join(import.meta.dirname, 'key-fingerprint.ts'))});
      const { isNew, publicKey } = localKey(${JSON.stringify(directory)}, 'build');
      process.stdout.write(JSON.stringify([isNew, fingerprintOf(publicKey)]));`;
    const run = async (): Promise<[boolean, string]> =>
      JSON.parse((await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code])).stdout);
    const runs = await Promise.all([run(), run(), run()]);
    assert.equal(new Set(runs.map(([, fingerprint]) => fingerprint)).size, 1);
    assert.equal(runs.filter(([isNew]) => isNew).length, 1);
    assert.deepEqual(
      readdirSync(directory).toSorted(),
      ['.gitignore', 'build.key', 'build.pub'],
      'and nothing half-made',
    );
  });

  it('is not used when others than its owner can read it', (t) => {
    const directory = place(t);
    localKey(directory, 'build');
    for (const mode of [0o640, 0o604, 0o660]) {
      chmodSync(path.join(directory, 'build.key'), mode);
      assert.throws(() => localKey(directory, 'build'), { code: 'KEY_ERROR', message: /chmod 600/ });
    }
  });

  it('is not used when it is no key, or one of another kind', (t) => {
    const directory = place(t);
    localKey(directory, 'build');
    const file = path.join(directory, 'build.key');
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
    for (const content of ['', 'junk', privateKey.export({ type: 'pkcs8', format: 'pem' })]) {
      writeFileSync(file, content);
      assert.throws(() => localKey(directory, 'build'), { code: 'KEY_ERROR' });
    }
  });

  it('is not used when its public half is that of another key', (t) => {
    const directory = place(t);
    localKey(directory, 'build');
    const other = localKey(directory, 'other');
    writeFileSync(path.join(directory, 'build.pub'), readFileSync(other.publicKeyFile));
    assert.throws(() => localKey(directory, 'build'), { code: 'KEY_ERROR', message: /build\.pub/ });
  });

  it('has a name that leads nowhere else', (t) => {
    for (const name of ['', '../build', 'a/b', '.hidden', 'x'.repeat(62)]) {
      assert.throws(() => localKey(place(t), name), { code: 'KEY_ERROR' });
    }
  });
});
