import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '../../src/clock/system-clock.ts';
import type { Base } from '../../src/supply-chain/image/build/base.ts';
import { buildImage } from '../../src/supply-chain/image/build/build-image.ts';
import { verifyTree } from '../../src/supply-chain/image/unpack/tree-record.ts';
import { unpackImage } from '../../src/supply-chain/image/unpack/unpack-image.ts';
import { layoutRepository } from '../../src/supply-chain/layout/layout-repository.ts';
import { hexOf, parseDigest } from '../../src/supply-chain/oci/digest.ts';

/** One step with a large image, measured by itself. Started by memory.ts; says seconds and peak memory. */
const [, , step = '', work = ''] = process.argv;
const digestFile = path.join(work, 'digest');
const first = layoutRepository('registry/large', path.join(work, 'registry'));
const images = path.join(work, 'images');

async function build(repository: typeof first, base: Base, directory: string) {
  const options = {
    directory,
    base,
    platform: 'linux/amd64',
    node: null,
    entrypoint: ['node', 'main.js'],
    epoch: 0,
    version: null,
    source: null,
    revision: null,
    environment: {},
    labels: {},
    port: null,
    user: '65532',
    tag: null,
  } as const;
  return buildImage(options, repository, { scratch: path.join(work, 'building') });
}

const digest = () => parseDigest(readFileSync(digestFile, 'utf8'));
const steps: Readonly<Record<string, () => Promise<unknown>>> = {
  async build() {
    writeFileSync(digestFile, (await build(first, { kind: 'none' }, path.join(work, 'service'))).digest);
  },
  /** Upon the large image, in another repository, which gets all of it. */
  push() {
    const other = layoutRepository('registry/other', path.join(work, 'other'));
    const base = { kind: 'image', repository: first, digest: digest() } as const;
    return build(other, base, path.join(work, 'small'));
  },
  unpack: () => unpackImage(first, digest(), { directory: images, platform: null }),
  verify: () => verifyTree(path.join(images, hexOf(digest()), 'rootfs')),
};

const elapsed = systemClock().stopwatch();
await steps[step]?.();
const seconds = Math.round(elapsed() / 100) / 10;
const peakMegabytes = Math.round(process.resourceUsage().maxRSS / 1000);
console.log(JSON.stringify({ seconds, peakMegabytes }));
