import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { SupplyChainError } from '../../error.ts';
import { digestOf, type Digest } from '../../oci/digest.ts';

/** What npm calls it. */
export const LOCK_FILE = 'package-lock.json';

const names = z.record(z.string(), z.string()).exactOptional();

const words = z.union([z.string().transform((word) => [word]), z.array(z.string())]).exactOptional();

const entry = z.object({
  version: z.string().exactOptional(),
  link: z.boolean().exactOptional(),
  optional: z.boolean().exactOptional(),
  os: words,
  cpu: words,
  libc: words,
  dependencies: names,
  optionalDependencies: names,
  peerDependencies: names,
});

/** What npm's lock file says of one package, or of the project itself. */
export type LockEntry = z.infer<typeof entry>;

const lockFile = z.object({ lockfileVersion: z.int().min(2), packages: z.record(z.string(), entry) });

/** npm's lock file that speaks of a directory. */
export interface FoundLock {
  /** Where the lock file is. Absolute. */
  readonly root: string;
  /** The directory from there, with `/`; empty if it is the same. */
  readonly location: string;
  /** Of the bytes of the lock file. */
  readonly digest: Digest;
  /** By path from `root`: `node_modules/semver`. */
  readonly packages: Readonly<Record<string, LockEntry>>;
}

/**
 * The lock file of the directory, or the one above whose workspaces it belongs to; null if there is none. Throws
 * `UNBUILDABLE` when it cannot be read.
 */
export async function findLock(directory: string): Promise<FoundLock | null> {
  for (let root = directory; ; root = path.dirname(root)) {
    const lock = await readLock(path.join(root, LOCK_FILE));
    const location = path.relative(root, directory).split(path.sep).join('/');
    if (lock !== null && Object.hasOwn(lock.packages, location)) return { root, location, ...lock };
    if (path.dirname(root) === root) return null;
  }
}

async function readLock(file: string): Promise<Pick<FoundLock, 'packages' | 'digest'> | null> {
  try {
    const bytes = await readFile(file);
    return { packages: lockFile.parse(JSON.parse(bytes.toString('utf8'))).packages, digest: digestOf(bytes) };
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null;
    throw new SupplyChainError(
      'UNBUILDABLE',
      `${file} is not a lock file of npm 7 or newer; write it anew with \`npm install\``,
      { cause },
    );
  }
}
