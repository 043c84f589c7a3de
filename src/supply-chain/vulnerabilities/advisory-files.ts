import { closeSync, constants, createReadStream, fstatSync, openSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate as others } from 'node:timers/promises';

/** One advisory as it is stored, or why what is stored cannot be one. */
export type StoredAdvisory =
  | { readonly kind: 'document'; readonly place: string; readonly bytes: Buffer }
  | { readonly kind: 'unreadable'; readonly place: string; readonly why: string };

/** In a directory of advisories: when the data in it was fetched. */
export const DATABASE_FILE = 'database.json';

const LARGEST = 16 * 1024 * 1024;
const DEEPEST = 16;
/** What may hold advisories that nobody has unpacked. */
const PACKED = /\.(zip|tar|tgz|gz|bz2|xz|zst|7z)$/i;
/** Files after which everything else in this process has its turn. */
const BEFORE_OTHERS = 256;

/**
 * Everything in a directory and those below it that is or should be an advisory: files `.json`, and the lines of files
 * `.jsonl`, in the order of their names. Other files are passed over. Links are not followed: what is behind one is missing. `place` is the path in
 * the directory, and of a line its number.
 */
export async function* storedAdvisories(
  directory: string,
  below = '',
  depth = 0,
): AsyncGenerator<StoredAdvisory> {
  const entries = await readdir(path.join(directory, below), { withFileTypes: true });
  for (const [index, entry] of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1)).entries()) {
    if (index % BEFORE_OTHERS === 0) await others();
    const place = path.posix.join(below, entry.name);
    if (entry.isDirectory()) {
      if (depth >= DEEPEST) yield { kind: 'unreadable', place, why: 'it is too deep' };
      else yield* storedAdvisories(directory, place, depth + 1);
    } else if (entry.isSymbolicLink()) {
      yield { kind: 'unreadable', place, why: 'it is a link, and links are not followed' };
    } else if (/\.jsonl?$/i.test(entry.name)) {
      if (!entry.isFile()) yield { kind: 'unreadable', place, why: 'it is no file' };
      else if (/l$/i.test(entry.name)) yield* linesOf(directory, place);
      else yield wholeFile(directory, place);
    } else if (PACKED.test(entry.name)) {
      yield { kind: 'unreadable', place, why: 'it is packed: unpack it and remove it' };
    }
  }
}

/** Hundreds of thousands of small files are read ten times as fast one by one as by the thread pool. */
function wholeFile(directory: string, place: string): StoredAdvisory {
  try {
    const file = openSync(path.join(directory, place), constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      if (fstatSync(file).size > LARGEST) return tooLarge(place);
      return { kind: 'document', place, bytes: readFileSync(file) };
    } finally {
      closeSync(file);
    }
  } catch (error) {
    return { kind: 'unreadable', place, why: error instanceof Error ? error.message : String(error) };
  }
}

/** Never more than one line in memory. What follows a line that is too large is not read. */
async function* linesOf(directory: string, place: string): AsyncGenerator<StoredAdvisory> {
  let number = 1;
  let parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of chunksOf(path.join(directory, place))) {
      let from = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
        const line = Buffer.concat([...parts, chunk.subarray(from, end)]);
        yield* document(`${place}:${number}`, line);
        [parts, size, from, number] = [[], 0, end + 1, number + 1];
      }
      parts.push(chunk.subarray(from));
      size += chunk.length - from;
      if (size > LARGEST) break;
    }
    yield* document(`${place}:${number}`, Buffer.concat(parts));
  } catch (error) {
    yield { kind: 'unreadable', place, why: error instanceof Error ? error.message : String(error) };
  }
}

async function* chunksOf(file: string): AsyncGenerator<Buffer> {
  for await (const chunk of createReadStream(file)) if (Buffer.isBuffer(chunk)) yield chunk;
}

/** Lines without anything in them are none. */
function* document(place: string, bytes: Buffer): Generator<StoredAdvisory> {
  if (bytes.length > LARGEST) yield tooLarge(place);
  else if (bytes.toString('latin1').trim() !== '') yield { kind: 'document', place, bytes };
}

function tooLarge(place: string): StoredAdvisory {
  return { kind: 'unreadable', place, why: `it has more than ${LARGEST} bytes` };
}
