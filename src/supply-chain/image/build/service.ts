import { readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { SupplyChainError } from '../../error.ts';

const names = z.record(z.string(), z.string()).exactOptional();

const packageJson = z.object({
  name: z.string().exactOptional(),
  version: z.string().exactOptional(),
  main: z.string().exactOptional(),
  bin: z.union([z.string(), names]).exactOptional(),
  scripts: names,
  dependencies: names,
});

/** A directory with a program for Node.js. */
export interface Service {
  /** Absolute, through all links. */
  readonly directory: string;
  /** As its package.json says; null if it has none. */
  readonly name: string | null;
  readonly version: string | null;
  readonly hasDependencies: boolean;
  /** How it is started, as one would in its directory: `['node', 'src/main.ts']`; null if nothing says. */
  readonly start: readonly string[] | null;
}

/** Looks at a directory with a program for Node.js. Throws `UNBUILDABLE`. */
export async function readService(directory: string): Promise<Service> {
  const real = await realDirectory(directory);
  const read = await readPackage(path.join(real, 'package.json'));
  return {
    directory: real,
    name: read.name ?? null,
    version: read.version ?? null,
    hasDependencies: Object.keys(read.dependencies ?? {}).length > 0,
    start: startOf(read),
  };
}

async function realDirectory(directory: string): Promise<string> {
  try {
    return await realpath(directory);
  } catch (cause) {
    throw new SupplyChainError('UNBUILDABLE', `there is no directory ${directory} to build an image of`, {
      cause,
    });
  }
}

type PackageJson = z.infer<typeof packageJson>;

async function readPackage(file: string): Promise<PackageJson> {
  try {
    return packageJson.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return {};
    const detail = cause instanceof z.ZodError ? z.prettifyError(cause) : 'it is no JSON';
    throw new SupplyChainError('UNBUILDABLE', `${file} cannot be used: ${detail}`, { cause });
  }
}

/** `npm start` first, then the program that the package installs, then its module. */
function startOf({ scripts, bin, main }: PackageJson): readonly string[] | null {
  const script = scripts?.['start'];
  if (script !== undefined) return script.trim().split(/\s+/);
  const programs = typeof bin === 'string' ? [bin] : Object.values(bin ?? {});
  const [only] = programs;
  if (programs.length === 1 && only !== undefined) return ['node', only];
  return main === undefined ? null : ['node', main];
}
