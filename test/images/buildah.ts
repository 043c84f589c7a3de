import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { writeBaseFiles } from './base-files.ts';

const run = promisify(execFile);

/** buildah with a storage of its own, which is gone afterwards. */
export interface Buildah extends AsyncDisposable {
  /** A directory for whatever the test needs. */
  readonly directory: string;
  /** Rejects with what buildah printed when it fails. */
  buildah(...words: readonly string[]): Promise<string>;
}

/** Starts with an empty storage; or says in one line why buildah cannot be used here. */
export async function openBuildah(): Promise<Buildah | string> {
  if (process.platform !== 'linux') return 'buildah builds on Linux only';
  const directory = await mkdtemp(path.join(tmpdir(), 'buildah-'));
  const storage = ['storage', 'run'].map((name) => path.join(directory, name));
  const [root = '', runRoot = ''] = storage;
  const opened: Buildah = {
    directory,
    async buildah(...words) {
      const options = ['--root', root, '--runroot', runRoot, '--storage-driver', 'vfs'];
      const { stdout } = await run('buildah', [...options, ...words], { maxBuffer: 16 * 1024 * 1024 });
      return stdout.trim();
    },
    async [Symbol.asyncDispose]() {
      await rm(directory, { recursive: true, force: true });
    },
  };
  try {
    const container = await opened.buildah('from', 'scratch');
    await opened.buildah('unmount', container);
    await opened.buildah('mount', container);
    return opened;
  } catch (error) {
    await opened[Symbol.asyncDispose]();
    return `buildah cannot be used here: ${String(error).trim().split('\n').at(-1)}`;
  }
}

/** Makes an image that stands in for the distroless base, with Node.js where that has it. Returns its name by digest. */
export async function buildBase({ directory, buildah }: Buildah): Promise<string> {
  const files = path.join(directory, 'base');
  await writeBaseFiles(files, '/nodejs/bin/node');
  const container = await buildah('from', 'scratch');
  await buildah('add', '--quiet', container, files, '/');
  await buildah('config', '--user', '65532', '--entrypoint', '["/nodejs/bin/node"]', container);
  await buildah('commit', '--quiet', container, 'localhost/base:nonroot');
  const digest = await buildah('images', '--format', '{{.Digest}}', 'localhost/base:nonroot');
  return `localhost/base@${digest}`;
}
