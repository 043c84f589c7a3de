import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const ROOT = path.join(import.meta.dirname, '../..');

/** podinfo as it goes into images: compiled, in a directory of its own that everybody may read and nobody may change. */
export interface Compiled extends AsyncDisposable {
  readonly directory: string;
}

/** Compiles podinfo as `npm run build` does. */
export async function compilePodinfo(): Promise<Compiled> {
  const directory = await mkdtemp(path.join(tmpdir(), 'podinfo-'));
  await promisify(execFile)(path.join(ROOT, 'node_modules/.bin/tsc'), [
    '-p',
    path.join(ROOT, 'podinfo/tsconfig.build.json'),
    '--outDir',
    directory,
  ]);
  await copyFile(path.join(ROOT, 'podinfo/src/page/page.html'), path.join(directory, 'src/page/page.html'));
  await changeModes(directory, { files: 0o444, directories: 0o555 });
  return {
    directory,
    async [Symbol.asyncDispose]() {
      await changeModes(directory, { files: 0o644, directories: 0o755 });
      await rm(directory, { recursive: true });
    },
  };
}

async function changeModes(
  directory: string,
  modes: { readonly files: number; readonly directories: number },
): Promise<void> {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const file = path.join(directory, entry.name);
    if (entry.isDirectory()) await changeModes(file, modes);
    else await chmod(file, modes.files);
  }
  await chmod(directory, modes.directories);
}
