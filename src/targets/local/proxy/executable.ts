import { open, type FileHandle } from 'node:fs/promises';

/** Whether a file of an image can be run on this machine outside its image; else why not, as the end of a sentence. */
export type Executability = { readonly kind: 'runs' } | { readonly kind: 'does not'; readonly why: string };

/** Numbers of the ELF header's field e_machine, by what Node calls the architecture (elf(5), System V ABI). */
const MACHINES: Readonly<Record<string, number>> = { x64: 62, arm64: 183 };
const MAGIC = 0x7f454c46;
const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const MOST_PROGRAM_HEADERS = 64;
const INTERPRETER = 3;

/**
 * Looks at the file's first bytes. Only a program that brings all of its libraries along runs: another one would be given
 * this machine's, or none.
 */
export async function canRun(file: string, platform: string, architecture: string): Promise<Executability> {
  if (platform !== 'linux') return no(`it is a program for Linux, and this is ${platform}`);
  const opened = await open(file);
  try {
    return await judge(opened, architecture);
  } finally {
    await opened.close();
  }
}

async function judge(file: FileHandle, architecture: string): Promise<Executability> {
  const header = await bytesAt(file, 0, HEADER_BYTES);
  if (header.length < HEADER_BYTES || header.readUInt32BE(0) !== MAGIC)
    return no('it is a script or no program, and what would run it is in the image too');
  const [is64Bit, isLittleEndian] = [header[4] === 2, header[5] === 1];
  if (!is64Bit || !isLittleEndian || header.readUInt16LE(18) !== MACHINES[architecture])
    return no(`it was built for another processor than this machine's (${architecture})`);
  const count = Math.min(header.readUInt16LE(56), MOST_PROGRAM_HEADERS);
  const table = await bytesAt(file, Number(header.readBigUInt64LE(32)), count * PROGRAM_HEADER_BYTES);
  for (let at = 0; at + PROGRAM_HEADER_BYTES <= table.length; at += PROGRAM_HEADER_BYTES) {
    if (table.readUInt32LE(at) === INTERPRETER) return no('it needs libraries of the image');
  }
  return { kind: 'runs' };
}

async function bytesAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

function no(why: string): Executability {
  return { kind: 'does not', why };
}
