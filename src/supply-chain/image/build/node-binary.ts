import { open } from 'node:fs/promises';
import { SupplyChainError } from '../../error.ts';
import type { Platform } from '../platform.ts';
import { NODE } from './entrypoint.ts';
import { MODES, type LayerEntry } from './layer-entry.ts';

/** Of the header of an ELF file: where it says its class and byte order, and where its machine. */
const ELF = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
const MACHINE_AT = 18;
const MACHINES: Readonly<Record<Platform, number>> = { 'linux/amd64': 0x3e, 'linux/arm64': 0xb7 };

/** A program of Node.js for an image of that platform. Throws `UNBUILDABLE` when the file is not one that runs there. */
export async function nodeEntries(file: string, platform: Platform): Promise<readonly LayerEntry[]> {
  const { size, header } = await read(file);
  const isFitting =
    header.subarray(0, ELF.length).equals(ELF) && header.readUInt16LE(MACHINE_AT) === MACHINES[platform];
  if (isFitting) return [{ kind: 'file', path: NODE, source: file, size, mode: MODES.program }];
  throw new SupplyChainError(
    'UNBUILDABLE',
    `${file} is not a program for ${platform}; give Node.js for that platform, or a base that has it`,
  );
}

async function read(file: string): Promise<{ readonly size: number; readonly header: Buffer }> {
  try {
    await using handle = await open(file);
    const header = Buffer.alloc(20);
    await handle.read(header, 0, header.length, 0);
    return { size: (await handle.stat()).size, header };
  } catch (cause) {
    throw new SupplyChainError('UNBUILDABLE', `Node.js cannot be read from ${file}`, { cause });
  }
}
