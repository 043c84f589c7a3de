import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { SupplyChainError } from '../../error.ts';

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
  /** By path from `root`: `node_modules/semver`. */
  readonly packages: Readonly<Record<string, LockEntry>>;
}

/**
 * The lock file of the directory, or the one above whose workspaces it belongs to; null if there is none. Throws
 * `UNBUILDABLE` when it cannot be read.
 */
export async function findLock(directory: string): Promise<FoundLock | null> {
  for (let root = directory; ; root = path.dirname(root)) {
    const packages = await readLock(path.join(root, 'package-lock.json'));
    const location = path.relative(root, directory).split(path.sep).join('/');
    if (packages !== null && Object.hasOwn(packages, location)) return { root, location, packages };
    if (path.dirname(root) === root) return null;
  }
}

async function readLock(file: string): Promise<Readonly<Record<string, LockEntry>> | null> {
  try {
    return lockFile.parse(JSON.parse(await readFile(file, 'utf8'))).packages;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null;
    throw new SupplyChainError(
      'UNBUILDABLE',
      `${file} is not a lock file of npm 7 or newer; write it anew with \`npm install\``,
      { cause },
    );
  }
}
