import { spawnSync } from 'node:child_process';
import {
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { systemClock } from '../../src/clock/system-clock.ts';
import { layoutRepository } from '../../src/supply-chain/layout/layout-repository.ts';
import { parseDigest } from '../../src/supply-chain/oci/digest.ts';
import { parseManifest } from '../../src/supply-chain/oci/manifest.ts';
import { imageSbom } from '../../src/supply-chain/sbom/image-sbom.ts';
import { archiveOf, type LayerFile, putImage } from '../../src/supply-chain/sbom/testing/image.ts';
import { billPackages } from '../../src/supply-chain/vulnerabilities/bill-packages.ts';
import { scan } from '../../src/supply-chain/vulnerabilities/scan.ts';
import { quantile, report } from '../report.ts';

/**
 * How long it takes to make the bill of materials of an image and to scan it, and how much memory: of an image with
 * Node.js itself and with all packages that are installed here, by a database of invented advisories. Each is measured in
 * a process of its own, so that memory is its own, too.
 */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    advisories: { type: 'string', default: '50000' },
    // Of the processes that are measured.
    sbom: { type: 'string' },
    scan: { type: 'string' },
    image: { type: 'string', default: '' },
  },
});
const clock = systemClock();

if (values.sbom !== undefined) await measureSbom(values.sbom, values.image);
else if (values.scan !== undefined) await measureScan(values.scan, values.image);
else await measureAll();

async function measureAll(): Promise<void> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-bench-'));
  try {
    const repository = layoutRepository('registry/bench', path.join(directory, 'image'));
    const { files, image } = await makeImage(directory);
    const { layers } = parseManifest(await repository.manifest(image));
    writeAdvisories(directory, Number(values.advisories));
    const results = {
      image: {
        files,
        compressedMegabytes: megabytes(layers.reduce((sum, { size }) => sum + size, 0)),
      },
      sbom: summary(repeated('--sbom', directory, image)),
      advisories: Number(values.advisories),
      scan: summary(repeated('--scan', directory, image)),
    };
    console.dir(results, { depth: null });
    report('sbom', { runs: Number(values.runs), unit: 'milliseconds, megabytes', ...results });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

interface Measured {
  readonly milliseconds: number;
  /** The most that was resident, and what of it the bare process takes. */
  readonly peakMegabytes: number;
  readonly bareMegabytes: number;
  readonly components: number;
}

async function measureSbom(directory: string, image: string): Promise<void> {
  const repository = layoutRepository('registry/bench', path.join(directory, 'image'));
  const [bareMegabytes, elapsed] = [residentMegabytes(), clock.stopwatch()];
  const { components, bytes } = await imageSbom(repository, parseDigest(image), { toolVersion: '0' });
  const milliseconds = elapsed();
  writeFileSync(path.join(directory, 'bill.json'), bytes);
  tell({ milliseconds, bareMegabytes, peakMegabytes: residentMegabytes(), components: components.length });
}

async function measureScan(directory: string, image: string): Promise<void> {
  const bill: unknown = JSON.parse(readFileSync(path.join(directory, 'bill.json'), 'utf8'));
  const [bareMegabytes, elapsed] = [residentMegabytes(), clock.stopwatch()];
  const found = await scan(
    billPackages(bill, parseDigest(image)),
    path.join(directory, 'advisories'),
    clock.now(),
  );
  const milliseconds = elapsed();
  tell({ milliseconds, bareMegabytes, peakMegabytes: residentMegabytes(), components: found.packages });
}

function tell(measured: Measured): void {
  process.stdout.write(JSON.stringify(measured));
}

/** The most that the process has had in memory at any time. Reads /proc: for Linux only. */
function residentMegabytes(): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Math.round(Number(kilobytes) / 1024);
}

function repeated(what: '--sbom' | '--scan', directory: string, image: string): readonly Measured[] {
  return Array.from({ length: Number(values.runs) }, () => {
    const words = [import.meta.filename, what, directory, '--image', image];
    const { stdout, stderr, status } = spawnSync(process.execPath, words, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${words.join(' ')} ended with ${status}: ${stderr}`);
    return JSON.parse(stdout);
  });
}

function summary(all: readonly Measured[]) {
  const median = (of: (measured: Measured) => number) => Math.round(quantile(all.map(of), 0.5));
  return {
    milliseconds: median(({ milliseconds }) => milliseconds),
    peakMegabytes: median(({ peakMegabytes }) => peakMegabytes),
    bareMegabytes: median(({ bareMegabytes }) => bareMegabytes),
    components: median(({ components }) => components),
  };
}

/** Node.js as it runs here, and every file of every package that is installed here up to a size. */
async function makeImage(directory: string) {
  const modules = realpathSync(path.join(import.meta.dirname, '../../node_modules'));
  const names = globSync('**/*.{json,js,mjs,cjs}', { cwd: modules }).filter((name) => {
    const { size } = statSync(path.join(modules, name));
    return size < 300_000 && statSync(path.join(modules, name)).isFile();
  });
  const app = names.map((name): LayerFile => [
    `app/node_modules/${name}`,
    readFileSync(path.join(modules, name)),
  ]);
  const node: LayerFile[] = [
    ['etc/os-release', 'ID=debian\nVERSION_ID=12\n'],
    ['usr/local/bin/node', readFileSync(process.execPath)],
  ];
  const layers = await Promise.all(
    [node, app].map(async (files) => gzipSync(await archiveOf(files), { level: 6 })),
  );
  const repository = layoutRepository('registry/bench', path.join(directory, 'image'));
  return { files: names.length + node.length, image: await putImage(repository, layers) };
}

/** A file each, as the export of OSV has them; one in a hundred is about a package of the image, and none about its version. */
function writeAdvisories(directory: string, count: number): void {
  const place = path.join(directory, 'advisories');
  mkdirSync(place);
  for (let index = 0; index < count; index += 1) {
    const advisory = {
      id: `BENCH-${index}`,
      modified: '2026-01-05T00:00:00Z',
      summary: 'An invented advisory that is as long as others are, so that reading it takes as long',
      details: 'It says nothing. '.repeat(60),
      severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }],
      affected: [
        {
          package: { ecosystem: 'npm', name: index % 100 === 0 ? 'zod' : `invented-${index}` },
          ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '0.0.1' }] }],
        },
      ],
    };
    writeFileSync(path.join(place, `BENCH-${index}.json`), JSON.stringify(advisory));
  }
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e5) / 10;
}
