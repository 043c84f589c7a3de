import { createHash } from 'node:crypto';
import type { Program } from './finding.ts';

/** What the version of a program follows in its file, and what ends it. */
interface Mark {
  readonly before: string;
  readonly pattern: RegExp;
}

/** Node.js knows where the headers of its own version are to be had, which is where this stands. */
const NODE_MARK: Mark = {
  before: 'nodejs.org/download/release/v',
  pattern: /nodejs\.org\/download\/release\/v(\d{1,4}\.\d{1,4}\.\d{1,4})\//,
};

const MARKS: Readonly<Record<string, Mark | undefined>> = { node: NODE_MARK };

/** Longer than any mark with its version. */
const OVERLAP = 128;

/** Reads a program as a stream: what it is by its hash, and its version where the file says it. */
export async function readProgram(name: string, content: AsyncIterable<Uint8Array>): Promise<Program> {
  const hash = createHash('sha256');
  const mark = MARKS[name];
  let version: string | null = null;
  let tail = Buffer.alloc(0);
  for await (const chunk of content) {
    hash.update(chunk);
    if (mark === undefined || version !== null) continue;
    const seen = Buffer.concat([tail, chunk]);
    version = versionIn(seen, mark);
    tail = seen.subarray(Math.max(0, seen.length - OVERLAP));
  }
  return { name, version, sha256: hash.digest('hex') };
}

function versionIn(bytes: Buffer, { before, pattern }: Mark): string | null {
  for (let at = bytes.indexOf(before); at >= 0; at = bytes.indexOf(before, at + 1)) {
    const found = pattern.exec(bytes.toString('latin1', at, at + OVERLAP));
    if (found?.[1] !== undefined) return found[1];
  }
  return null;
}
