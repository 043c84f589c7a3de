import assert from 'node:assert/strict';
import { lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { SupplyChainError } from '../error.ts';
import { inspectImage } from '../image/inspect-image.ts';
import { temporaryDirectory } from '../image/testing/directories.ts';
import { applyArchive } from '../image/layers/apply-archive.ts';
import { budgetOf } from '../image/layers/limits.ts';
import { type Effects, emptyTree } from '../image/layers/tree.ts';
import { requireLinksInside } from '../image/unpack/link-target.ts';
import { hostileLayers } from '../image/testing/hostile-layers.ts';
import { archive, emptyRepository, type HostileEntry, storeArchives } from '../image/testing/images.ts';
import { DEFAULT_LIMITS, unpackImage } from '../image/unpack/unpack-image.ts';
import { imageFindings, type ImageFindings } from './image-findings.ts';

const NAMES = ['a', 'b', 'package.json'];
type Layer = readonly HostileEntry[];

const LIMITS = { ...DEFAULT_LIMITS, unpacked: 1_000_000, entries: 1000 };

/** Every file is a package of its own, so that files are known by what they say, and most are called like one. */
function numbered(layers: readonly Layer[]): readonly Layer[] {
  let count = 0;
  return layers.map((layer) =>
    layer.map((entry) => {
      if (entry.content === undefined) return entry;
      count += 1;
      const name = count % 4 === 0 ? entry.name : path.posix.join(path.dirname(entry.name), 'package.json');
      return { ...entry, name, content: JSON.stringify({ name: `number-${count}`, version: '1.0.0' }) };
    }),
  );
}

/** Leaves out what no image can be unpacked with, one entry after the other: of hostile layers little is taken as it is. */
async function takeable(layers: readonly Layer[]): Promise<readonly Layer[]> {
  const kept: HostileEntry[][] = [];
  for (const layer of layers) {
    const entries: HostileEntry[] = [];
    kept.push(entries);
    for (const entry of layer) {
      entries.push(entry);
      if (!(await isTakeable(kept))) entries.pop();
    }
  }
  return kept;
}

async function isTakeable(layers: readonly Layer[]): Promise<boolean> {
  const tree = emptyTree('a directory', budgetOf(LIMITS, 'an image'), NO_EFFECTS);
  try {
    for (const [index, layer] of layers.entries()) {
      const bytes = await archive(...layer);
      await applyArchive({ tree, layer: index + 1, what: 'a layer' }, async (extract) => {
        await pipeline([bytes], extract);
      });
    }
    requireLinksInside(tree);
    return true;
  } catch (error) {
    assert.ok(error instanceof SupplyChainError, String(error));
    return false;
  }
}

const nothing = () => Promise.resolve(null);
const NO_EFFECTS: Effects<null> = {
  makeDirectory: async () => {},
  makeLink: async () => {},
  makeSecondName: nothing,
  makeFile: nothing,
  remove: async () => {},
};

/** Package files in a directory, and the names of what is in them. */
function packagesIn(root: string): readonly (readonly [string, string])[] {
  const files = placesIn(root, '').filter(
    (file) => path.basename(file) === 'package.json' && lstatSync(path.join(root, file)).isFile(),
  );
  return files.toSorted().map((file) => [file, nameIn(path.join(root, file))]);
}

/** Everything in a directory. What Node.js lists by itself also has what links lead to. */
function placesIn(root: string, inside: string): readonly string[] {
  return readdirSync(path.join(root, inside), { withFileTypes: true }).flatMap((entry) => {
    const at = path.posix.join(inside, entry.name);
    return entry.isDirectory() ? [at, ...placesIn(root, at)] : [at];
  });
}

function nameIn(file: string): string {
  const document: unknown = JSON.parse(readFileSync(file, 'utf8'));
  assert.ok(typeof document === 'object' && document !== null && 'name' in document);
  return String(document.name);
}

/** The same as the findings have it. What was read under another name only is not known. */
function packagesOf(
  { files }: ImageFindings,
  unpacked: ReadonlyMap<string, string>,
): readonly (readonly [string, string])[] {
  return files.map(([file, finding]) => {
    if (finding.kind === 'npm package') return [file, finding.package.name];
    assert.ok(finding.kind === 'unreadable' && finding.why.includes('another name of'), finding.kind);
    return [file, unpacked.get(file) ?? 'not there'];
  });
}

/** What is reached through links is what the operating system reaches. */
function requireSameThroughLinks(root: string, findings: ImageFindings): number {
  let throughLinks = 0;
  for (const directory of placesIn(root, '')) {
    const file = path.join(root, directory, 'package.json');
    const real = realOrNull(path.dirname(file));
    if (real === null || !lstatSync(real).isDirectory() || !isFile(file)) continue;
    const finding = findings.get(`${directory}/package.json`);
    assert.ok(finding !== undefined, `${directory}/package.json is found`);
    if (real !== path.dirname(file)) throughLinks += 1;
    if (finding.kind === 'npm package') assert.equal(finding.package.name, nameIn(file));
  }
  return throughLinks;
}

function isFile(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false })?.isFile() === true;
}

/** As the operating system finds it: Node.js by itself takes `link/..` for the directory that the link is in. */
function realOrNull(file: string): string | null {
  try {
    return realpathSync.native(file);
  } catch {
    return null;
  }
}

async function stored(test: TestContext, layers: readonly Layer[]) {
  const repository = emptyRepository(test);
  const digest = await storeArchives(repository, await Promise.all(layers.map((layer) => archive(...layer))));
  return { repository, image: await inspectImage(repository, digest) };
}

async function compare(
  test: TestContext,
  layers: readonly Layer[],
): Promise<{ readonly packages: number; readonly throughLinks: number } | null> {
  const { image, repository } = await stored(test, layers);
  const options = { directory: temporaryDirectory(test), platform: null, limits: LIMITS };
  const root = await unpackImage(repository, image.digest, options).then(
    (unpacked) => unpacked.root,
    (error: unknown) => {
      assert.ok(error instanceof SupplyChainError, String(error));
      return null;
    },
  );
  if (root === null) return null;
  const findings = await imageFindings(repository, image);
  const unpacked = packagesIn(root);
  assert.deepEqual(packagesOf(findings, new Map(unpacked)), unpacked);
  return { packages: unpacked.length, throughLinks: requireSameThroughLinks(realpathSync(root), findings) };
}

describe('the bill of materials', () => {
  it('is about exactly the files that are unpacked, whatever the layers are', async (t) => {
    const seen = { taken: 0, packages: 0 };
    await fc.assert(
      fc.asyncProperty(hostileLayers(NAMES).layers, fc.boolean(), async (layers, isHostile) => {
        const all = numbered(layers);
        const found = await compare(t, isHostile ? all : await takeable(all));
        if (found === null) return;
        seen.taken += 1;
        seen.packages += found.packages;
      }),
      { numRuns: 250 },
    );
    assert.ok(seen.taken > 60 && seen.packages > 60, JSON.stringify(seen));
  });

  it('finds through links what the operating system finds', async (t) => {
    const layers = [
      [
        { name: 'a/package.json', content: JSON.stringify({ name: 'found', version: '1.0.0' }) },
        { name: 'b', type: 'symlink' as const, linkname: '/a' },
        { name: 'c/d', type: 'symlink' as const, linkname: '../b' },
        { name: 'c/e', type: 'symlink' as const, linkname: 'd/../a' },
      ],
    ];
    assert.deepEqual(await compare(t, layers), { packages: 1, throughLinks: 3 });
  });

  it('takes layers that a container takes, and a directory does not', async (t) => {
    const content = JSON.stringify({ name: 'found', version: '1.0.0' });
    const layers = [
      [
        { name: 'a/', type: 'directory' as const },
        { name: 'b', type: 'symlink' as const, linkname: '/a' },
        { name: 'dev/null', type: 'character-device' as const },
      ],
      [{ name: '/b/package.json', content }],
    ];
    assert.equal(await compare(t, layers), null);
    const { image, repository } = await stored(t, layers);
    const { files } = await imageFindings(repository, image);
    assert.deepEqual(
      files.map(([file]) => file),
      ['a/package.json'],
    );
  });
});
