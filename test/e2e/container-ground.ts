import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Berth } from '../../src/targets/local/proxy/container/command-lines.ts';
import { loadImage, unloadImage } from '../../src/targets/local/proxy/container/image-store.ts';
import type { ContainerSettings } from '../../src/targets/local/settings.ts';
import type { ContainerImages, NoContainers } from './container-images.ts';
import { type DockerStore, startDocker } from './docker-daemon.ts';

const exec = promisify(execFile);

/** Where containers can be run. */
export interface ContainerGround {
  readonly kind: 'usable';
  readonly settings: ContainerSettings;
  /** Has the engine do something, and gives what it says. */
  ask(...words: readonly string[]): Promise<string>;
  /** What a container is read back as that has another image: one with that manifest, and that ID in the engine's store. */
  strange(manifest: string, id: string): string;
  /** Ends the engine with all of its containers, and starts it again; null for one that is no daemon. */
  readonly restart: (() => Promise<void>) | null;
  close(): Promise<void>;
}

type Way = Pick<ContainerSettings, 'globalOptions' | 'options'>;

/** Ways to run containers: the usual one first, then one for where the newer runtime or the usual limits do not work. */
const PODMAN_WAYS: readonly Way[] = [
  { globalOptions: [], options: [] },
  {
    globalOptions: ['--runtime', 'runc'],
    options: ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'],
  },
];

/** Finds out how podman runs containers here, if at all. */
export async function podmanGround(images: ContainerImages): Promise<ContainerGround | NoContainers> {
  try {
    await exec('podman', ['--version']);
  } catch {
    return {
      kind: 'unusable',
      why: 'podman missing: scripts/interop-tools.sh installs what these tests need',
    };
  }
  return groundOf(images, 'podman', PODMAN_WAYS, {
    strange: (manifest) => manifest,
    restart: null,
    close: async () => {},
  });
}

/** Starts a docker daemon with that store, if one can be started here. */
export async function dockerGround(
  images: ContainerImages,
  store: DockerStore,
): Promise<ContainerGround | NoContainers> {
  const daemon = await startDocker(store);
  if (daemon.kind === 'unusable') return daemon;
  return groundOf(images, 'docker', [{ globalOptions: ['--host', daemon.host], options: [] }], {
    strange: (_, id) => `an image with the ID ${id}`,
    restart: daemon.restart,
    close: daemon.close,
  });
}

async function groundOf(
  images: ContainerImages,
  engine: ContainerSettings['engine'],
  ways: readonly Way[],
  rest: Pick<ContainerGround, 'strange' | 'restart' | 'close'>,
): Promise<ContainerGround | NoContainers> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'canary-probe-'));
  const image = await images.store(await images.build('probe'), directory);
  const berthOf = (way: Way): Berth => ({
    settings: { in: 'container', engine, ...way, memory: null, pids: null },
    target: path.basename(directory).slice(-6).toLowerCase(),
  });
  const troubles: string[] = [];
  for (const way of ways) {
    const berth = berthOf(way);
    const ask: ContainerGround['ask'] = async (...words) =>
      (await exec(engine, [...way.globalOptions, ...words])).stdout.trim();
    // The image stays until the end, and its layers with it: then others are taken in no time.
    const close = async () => {
      await unloadImage(berth, image.image);
      await rest.close();
      await rm(directory, { recursive: true, force: true });
    };
    try {
      const loaded = await loadImage(berth, image);
      await ask('run', ...way.options, '--rm', '--entrypoint', '/usr/local/bin/node', loaded, '--version');
      return { kind: 'usable', settings: berth.settings, ask, ...rest, close };
    } catch (error) {
      troubles.push(String(error));
      await unloadImage(berth, image.image);
    }
  }
  await rest.close();
  await rm(directory, { recursive: true, force: true });
  return { kind: 'unusable', why: `${engine} runs no container here: ${troubles.join('; ').slice(0, 500)}` };
}
