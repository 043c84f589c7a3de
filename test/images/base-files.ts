import { execFile } from 'node:child_process';
import { copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

/**
 * Stands in for a base image, without a shell: the libraries that the Node.js of this test needs, at their places, and
 * Node.js itself where it is wanted. For Linux only.
 */
export async function writeBaseFiles(directory: string, nodeAt: string | null): Promise<void> {
  const { stdout } = await promisify(execFile)('ldd', [process.execPath]);
  const libraries = [...stdout.matchAll(/\/\S+/g)].map(([library]) => [library, library] as const);
  const node = nodeAt === null ? [] : [[process.execPath, nodeAt] as const];
  for (const [from, to] of [...libraries, ...node]) {
    const target = path.join(directory, to);
    await mkdir(path.dirname(target), { recursive: true });
    await copyFile(from, target);
  }
}
