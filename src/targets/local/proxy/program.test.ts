import assert from 'node:assert/strict';
import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Unpacked } from '../unpacked.ts';
import { type Machine, programOf } from './program.ts';
import { imageRelease, unpackedInto } from './testing/image.ts';
import { directory } from './testing/service.ts';

const MACHINE: Machine = { node: '/opt/node/bin/node', platform: 'linux', architecture: 'x64' };

function image(t: TestContext, changes: Partial<Unpacked> = {}) {
  const unpacked = { ...unpackedInto(directory(t), imageRelease()), ...changes };
  return { unpacked, at: (name: string) => path.join(unpacked.directory, name) };
}

/** The beginning of a program for Linux, with libraries of its own or of others. */
function elf({ machine, isStatic }: { readonly machine: number; readonly isStatic: boolean }): Buffer {
  const program = Buffer.alloc(64 + 56);
  program.writeUInt32BE(0x7f454c46, 0);
  program.set([2, 1], 4);
  program.writeUInt16LE(machine, 18);
  program.writeBigUInt64LE(64n, 32);
  program.writeUInt16LE(1, 56);
  program.writeUInt32LE(isStatic ? 1 : 3, 64);
  return program;
}

describe('an image whose program is for Node', () => {
  it('is run by the Node of this machine, with the files of the image', async (t) => {
    for (const first of ['node', '/usr/local/bin/node', '/nodejs/bin/node']) {
      const { unpacked, at } = image(t, {
        words: [first, '--no-warnings', '/app/main.mjs', '/var/lib', 'x'],
      });
      const { command, cwd } = await programOf(unpacked, MACHINE);
      assert.deepEqual(command, [MACHINE.node, '--no-warnings', at('app/main.mjs'), '/var/lib', 'x']);
      assert.equal(cwd, at('app'));
    }
  });

  it('does not get out of its directory by its words', async (t) => {
    const { unpacked, at } = image(t, {
      words: ['node', '/app/../../../etc/passwd', '/app/../app/main.mjs'],
    });
    const { command } = await programOf(unpacked, MACHINE);
    assert.deepEqual(command.slice(1), ['/app/../../../etc/passwd', at('app/main.mjs')]);
    const lost = { ...unpacked, workingDirectory: '../../../../etc' };
    await assert.rejects(programOf(lost, MACHINE), /^ImageRefused: etc is not in the image$/);
  });

  it('does not get out of its directory by a link', async (t) => {
    const { unpacked, at } = image(t, { words: ['node', '/app/link'] });
    symlinkSync('/etc/passwd', at('app/link'));
    await assert.rejects(programOf(unpacked, MACHINE), /app\/link leads out of the image/);
  });

  it('is not taken for one whose name only begins like it', async (t) => {
    const { unpacked } = image(t, { words: ['node', '/application/main.mjs'] });
    const { command } = await programOf(unpacked, MACHINE);
    assert.equal(command[1], '/application/main.mjs');
  });
});

describe('the variables of an image', () => {
  it('are handed on, but for those that speak of its own root or are for canary to set', async (t) => {
    const env = {
      PATH: '/usr/local/bin',
      LD_PRELOAD: '/lib/x.so',
      HOST: '0.0.0.0',
      PORT: '80',
      CANARY_DIGEST: 'sha256:none',
      LANG: 'C.UTF-8',
      SETTINGS: '/app/settings.json',
    };
    const { unpacked, at } = image(t, { env });
    assert.deepEqual((await programOf(unpacked, MACHINE)).env, {
      LANG: 'C.UTF-8',
      SETTINGS: at('app/settings.json'),
      PATH: '/opt/node/bin:/usr/bin:/bin',
    });
  });
});

describe('an image with a program of its own', () => {
  it('is run if that needs nothing else', async (t) => {
    const { unpacked, at } = image(t, { words: ['serve', '--port'], env: { PATH: '/bin:/app' } });
    writeFileSync(at('app/serve'), elf({ machine: 62, isStatic: true }));
    chmodSync(at('app/serve'), 0o755);
    assert.deepEqual((await programOf(unpacked, MACHINE)).command, [at('app/serve'), '--port']);
  });

  const refused = async (t: TestContext, content: Buffer | string, machine: Machine, said: RegExp) => {
    const { unpacked, at } = image(t, { words: ['/app/serve'] });
    writeFileSync(at('app/serve'), content);
    await assert.rejects(programOf(unpacked, machine), said);
  };

  it('is refused if that needs libraries, another interpreter, processor or system', async (t) => {
    await refused(t, elf({ machine: 62, isStatic: false }), MACHINE, /it needs libraries of the image/);
    await refused(t, '#!/bin/sh\n', MACHINE, /it is a script/);
    await refused(t, elf({ machine: 183, isStatic: true }), MACHINE, /another processor .* \(x64\)/);
    const mac = { ...MACHINE, platform: 'darwin' };
    await refused(t, elf({ machine: 62, isStatic: true }), mac, /for Linux, and this is darwin/);
  });

  it('is refused if there is none, or a link to one of this machine', async (t) => {
    const { unpacked, at } = image(t, { words: [] });
    await assert.rejects(programOf(unpacked, MACHINE), /names no program/);
    await assert.rejects(programOf({ ...unpacked, words: ['serve'] }, MACHINE), /serve is not in the image/);
    symlinkSync('/bin/sh', at('app/sh'));
    await assert.rejects(programOf({ ...unpacked, words: ['/app/sh'] }, MACHINE), /leads out of the image/);
  });
});
