import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Program } from '../../podinfo/src/testing/podinfo.ts';
import { buildImage } from '../../src/supply-chain/image/build/build-image.ts';
import { buildOptions } from '../../src/supply-chain/image/testing/images.ts';
import { unpackImage } from '../../src/supply-chain/image/unpack/unpack-image.ts';
import { layoutRepository } from '../../src/supply-chain/layout/layout-repository.ts';

/** podinfo as `canary build` makes an image of it, unpacked again, and how it is started with the Node.js at hand. */
export interface UnpackedPodinfo extends AsyncDisposable {
  readonly program: Program;
}

const PODINFO = path.join(import.meta.dirname, '../../podinfo');

export async function unpackedPodinfo(): Promise<UnpackedPodinfo> {
  const place = await mkdtemp(path.join(os.tmpdir(), 'canary-image-'));
  const repository = layoutRepository('registry/podinfo', path.join(place, 'podinfo'));
  const { digest } = await buildImage(buildOptions(PODINFO), repository, {
    scratch: path.join(place, 'scratch'),
  });
  const directory = path.join(place, 'unpacked');
  const { root, config } = await unpackImage(repository, digest, { directory, platform: null });
  const { Entrypoint, WorkingDir, Env } = config.config ?? {};
  const [, ...words] = Entrypoint ?? [];
  const pairs = (Env ?? []).map((line): [string, string] => {
    const equals = line.indexOf('=');
    return [line.slice(0, equals), line.slice(equals + 1)];
  });
  return {
    program: {
      command: [
        process.execPath,
        ...words.map((word) => (word.startsWith('/') ? path.join(root, word) : word)),
      ],
      workingDirectory: path.join(root, WorkingDir ?? '/'),
      environment: Object.fromEntries(pairs),
    },
    [Symbol.asyncDispose]: () => rm(place, { recursive: true, force: true }),
  };
}
