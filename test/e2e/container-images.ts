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
import { imagePlace, type Stored } from '../../src/targets/local/unpacked.ts';

const exec = promisify(execFile);

/** Images of a small service, to be run in containers. */
export interface ContainerImages {
  readonly kind: 'usable';
  /** Has the base image: Debian's C library and this Node. */
  readonly repository: ImageRepository;
  readonly base: Digest;
  /** Directory of the service. */
  readonly service: string;
  /** Builds an image of the service with these variables. */
  build(version: string, environment?: Readonly<Record<string, string>>): Promise<Digest>;
  /** Stores the image in a layout inside `directory`, in a place named by `digest`. */
  store(image: Digest, directory: string, digest?: string, signal?: AbortSignal): Promise<Stored>;
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

/** Makes the base once for all tests of a file. */
export async function containerImages(): Promise<ContainerImages | NoContainers> {
  const platform = platformOf(process.arch);
  if (process.platform !== 'linux' || platform === null)
    return { kind: 'unusable', why: 'containers are for Linux on amd64 or arm64' };
  const directory = await mkdtemp(path.join(os.tmpdir(), 'canary-containers-'));
  const close = () => rm(directory, { recursive: true, force: true });
  try {
    return await prepare(directory, platform, close);
  } catch (error) {
    await close();
    return { kind: 'unusable', why: error instanceof Error ? error.message.slice(0, 300) : String(error) };
  }
}

async function prepare(
  directory: string,
  platform: NonNullable<ReturnType<typeof platformOf>>,
  close: () => Promise<void>,
): Promise<ContainerImages> {
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
  const build: ContainerImages['build'] = (version, environment) =>
    make(service, { kind: 'image', repository, digest: base }, null, version, environment);
  return {
    kind: 'usable',
    repository,
    base,
    service,
    build,
    async store(image, into, digest = image, signal) {
      const place = path.join(imagePlace(into, digest), LAYOUT);
      const to = layoutRepository('registry/app', place);
      const { manifest, config } = await copyImage(repository, to, image, signal);
      return {
        kind: 'layout',
        image,
        config: manifest.config.digest,
        directory: place,
        user: config.config?.User ?? '',
      };
    },
    close,
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
