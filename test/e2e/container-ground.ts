import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { type Base } from '../../src/supply-chain/image/build/base.ts';
import { buildImage, NOBODY } from '../../src/supply-chain/image/build/build-image.ts';
import { platformOf } from '../../src/supply-chain/image/platform.ts';
import { copyImage } from '../../src/supply-chain/layout/copy-image.ts';
import { layoutRepository } from '../../src/supply-chain/layout/layout-repository.ts';
import type { Digest } from '../../src/supply-chain/oci/digest.ts';
import type { ImageRepository } from '../../src/supply-chain/oci/repository.ts';
import { LAYOUT } from '../../src/targets/local/proxy/container/command-lines.ts';
import type { ContainerSettings } from '../../src/targets/local/settings.ts';

const exec = promisify(execFile);

/** Where containers can be run, and images of a small service to run in them. */
export interface ContainerGround {
  readonly kind: 'usable';
  readonly settings: ContainerSettings;
  /** Has the base image: Debian's C library and this Node. */
  readonly repository: ImageRepository;
  readonly base: Digest;
  /** Directory of the service. */
  readonly service: string;
  /** Builds an image of the service with these variables. */
  build(version: string, environment?: Readonly<Record<string, string>>): Promise<Digest>;
  /** Has the engine do something, and gives what it says. */
  podman(...words: readonly string[]): Promise<string>;
  close(): Promise<void>;
}

export interface NoContainers {
  readonly kind: 'unusable';
  readonly why: string;
}

/** Says what it is, and fails on everything when it is told to. */
const SERVICE = `
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
const mayWrite = (file) => { try { writeFileSync(file, ''); return true; } catch { return false; } };
createServer((request, answer) => {
  const { CANARY_RELEASE, CANARY_DIGEST, GREETING, BROKEN, PORT, HOST } = process.env;
  answer.statusCode = BROKEN && request.url !== '/readyz' ? 500 : 200;
  answer.setHeader('x-release', CANARY_RELEASE);
  const status = readFileSync('/proc/self/status', 'utf8');
  const writes = ['/tmp/x', '/app/x', '/x'].map(mayWrite);
  answer.end(JSON.stringify({ status, writes, env: { CANARY_DIGEST, GREETING, PORT, HOST } }));
}).listen(process.env.PORT, process.env.HOST);
process.once('SIGTERM', () => process.exit(0));
console.log('listening');
`;

/** What Node is linked against, in Debian's packages. */
const PACKAGES = ['base-files', 'libc6', 'libgcc-s1', 'libstdc++6'];

/** Ways to run containers: the usual one first, then one for where the newer runtime or the usual limits do not work. */
const WAYS: readonly Pick<ContainerSettings, 'globalOptions' | 'options'>[] = [
  { globalOptions: [], options: [] },
  {
    globalOptions: ['--runtime', 'runc'],
    options: ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'],
  },
];

/** Makes images once for all tests of a file, and finds out how containers can be run here, if at all. */
export async function containerGround(): Promise<ContainerGround | NoContainers> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'canary-containers-'));
  const close = () => rm(directory, { recursive: true, force: true });
  try {
    const ground = await prepare(directory, close);
    if (ground.kind === 'unusable') await close();
    return ground;
  } catch (error) {
    await close();
    return { kind: 'unusable', why: error instanceof Error ? error.message.slice(0, 300) : String(error) };
  }
}

async function prepare(
  directory: string,
  close: () => Promise<void>,
): Promise<ContainerGround | NoContainers> {
  const platform = platformOf(process.arch);
  if (process.platform !== 'linux' || platform === null)
    return { kind: 'unusable', why: 'containers are for Linux on amd64 or arm64' };
  await exec('podman', ['--version']);
  const [empty, service] = ['empty', 'service'].map((name) => path.join(directory, name));
  if (empty === undefined || service === undefined) throw new Error('no directories');
  for (const [place, text] of [
    [empty, ''],
    [service, SERVICE],
  ] as const) {
    await mkdir(place);
    await writeFile(path.join(place, 'main.mjs'), text);
    await writeFile(path.join(place, 'package.json'), '{"name":"shop","version":"1.0.0","main":"main.mjs"}');
  }
  const layout = path.join(directory, LAYOUT);
  const repository = layoutRepository('registry/base', layout);
  const make = async (from: string, base: Base, node: string | null, version: string, environment = {}) => {
    const { digest } = await buildImage(
      {
        directory: from,
        platform,
        base,
        node,
        entrypoint: ['node', 'main.mjs'],
        epoch: 0,
        version,
        source: null,
        revision: null,
        environment,
        labels: {},
        port: null,
        user: NOBODY,
        tag: null,
      },
      repository,
      { scratch: path.join(directory, 'scratch') },
    );
    return digest;
  };
  const rootfs = await debian(path.join(directory, 'debian'));
  const base = await make(empty, { kind: 'rootfs', path: rootfs }, process.execPath, 'base');
  const build: ContainerGround['build'] = (version, environment) =>
    make(service, { kind: 'image', repository, digest: base }, null, version, environment);
  const found = await findWay(repository, await build('probe'), path.join(directory, 'probe'));
  if (found.kind === 'unusable') return found;
  const { way, image } = found;
  return {
    kind: 'usable',
    settings: { in: 'container', engine: 'podman', ...way, memory: null, pids: null },
    repository,
    base,
    service,
    build,
    async podman(...asked) {
      return (await exec('podman', [...way.globalOptions, ...asked])).stdout.trim();
    },
    async close() {
      await exec('podman', ['rmi', '--force', image]);
      await close();
    },
  };
}

/** A root file system of Debian's packages, without a package manager. */
async function debian(directory: string): Promise<string> {
  const rootfs = path.join(directory, 'rootfs');
  await mkdir(rootfs, { recursive: true });
  await exec('apt-get', ['download', ...PACKAGES], { cwd: directory });
  const packages = (await readdir(directory)).filter((name) => name.endsWith('.deb'));
  for (const name of packages) await exec('dpkg', ['-x', path.join(directory, name), rootfs]);
  return rootfs;
}

async function findWay(repository: ImageRepository, digest: Digest, directory: string) {
  await copyImage(repository, layoutRepository('registry/probe', path.join(directory, LAYOUT)), digest);
  const pulled = await exec('podman', ['pull', '--quiet', `oci:${LAYOUT}`], { cwd: directory });
  const image = pulled.stdout.trim();
  const troubles: string[] = [];
  for (const way of WAYS) {
    const node = ['--rm', '--entrypoint', '/usr/local/bin/node', image, '--version'];
    try {
      await exec('podman', [...way.globalOptions, 'run', ...way.options, ...node]);
      // The image stays until the end, and its layers with it: then others are pulled in no time.
      return { kind: 'found' as const, way, image };
    } catch (error) {
      troubles.push(String(error));
    }
  }
  await exec('podman', ['rmi', '--force', image]);
  const why = `podman runs no container here: ${troubles.join('; ').slice(0, 300)}`;
  return { kind: 'unusable' as const, why };
}
