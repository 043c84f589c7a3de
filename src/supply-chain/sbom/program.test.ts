import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { readProgram } from './program.ts';

async function* inChunks(content: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
}

const around = (text: string) => Buffer.from(`${'x'.repeat(300)}${text}${'y'.repeat(300)}`);
const RELEASE = 'https://nodejs.org/download/release/v24.21.0/node-v24.21.0-headers.tar.gz';

describe('a program in an image', () => {
  it('tells its version wherever the stream is cut', async () => {
    for (const size of [1, 2, 7, 64, 127, 128, 129, 301, 5000]) {
      assert.equal(
        (await readProgram('node', inChunks(around(RELEASE), size))).version,
        '24.21.0',
        `${size}`,
      );
    }
  });

  it('has the hash of all its bytes', async () => {
    const content = around(RELEASE);
    const { sha256 } = await readProgram('node', inChunks(content, 100));
    assert.equal(sha256, createHash('sha256').update(content).digest('hex'));
  });

  it('is not believed to be what it does not plainly say', async () => {
    for (const text of [
      'https://nodejs.org/download/release/',
      'nodejs.org/download/release/v24/',
      'nodejs.org/download/release/v24.21.0-x/',
      '',
    ]) {
      assert.equal((await readProgram('node', inChunks(around(text), 50))).version, null, text);
    }
    assert.equal((await readProgram('other', inChunks(around(RELEASE), 50))).version, null);
  });

  it('may say it after something that only looks like it', async () => {
    const content = around(`nodejs.org/download/release/vNext ${RELEASE}`);
    assert.equal((await readProgram('node', inChunks(content, 33))).version, '24.21.0');
  });
});
