import assert from 'node:assert/strict';
import { lstatSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { SupplyChainError, type SupplyChainCode } from '../../error.ts';
import { hexOf } from '../../oci/digest.ts';
import { temporaryDirectory } from '../testing/directories.ts';
import { hostileLayers } from '../testing/hostile-layers.ts';
import { archive, emptyRepository, storeArchives } from '../testing/images.ts';
import { DEFAULT_LIMITS, unpackImage } from './unpack-image.ts';

const RUNS = 200;
const EXPECTED: readonly SupplyChainCode[] = [
  'UNSAFE_LAYER',
  'TOO_LARGE',
  'MALFORMED_IMAGE',
  'DIGEST_MISMATCH',
];

const { entry, layers } = hostileLayers(['a', 'b', 'c']);

/** Unpacks archives, and checks that whatever they are, nothing outside of the directory has changed. */
async function survives(test: TestContext, archives: readonly Uint8Array[]): Promise<'taken' | 'refused'> {
  const around = temporaryDirectory(test);
  writeFileSync(path.join(around, 'outside'), 'untouched');
  const directory = path.join(around, 'images');
  const repository = emptyRepository(test);
  const digest = await storeArchives(repository, archives);
  const limits = { ...DEFAULT_LIMITS, unpacked: 1_000_000, entries: 1000 };
  const ended = await unpackImage(repository, digest, { directory, platform: null, limits }).then(
    () => 'taken' as const,
    (error: unknown) => {
      assert.ok(error instanceof SupplyChainError && EXPECTED.includes(error.code), String(error));
      return 'refused' as const;
    },
  );
  assert.deepEqual(readdirSync(around).toSorted(), ['images', 'outside']);
  assert.equal(readFileSync(path.join(around, 'outside'), 'utf8'), 'untouched');
  assert.equal(lstatSync(path.join(around, 'outside')).nlink, 1);
  assert.deepEqual(
    readdirSync(directory).filter((each) => each !== 'unfinished'),
    ended === 'taken' ? [hexOf(digest)] : [],
  );
  if (ended === 'taken') requireInside(path.join(directory, hexOf(digest), 'rootfs'));
  return ended;
}

/** No link in the directory leads out of it, as the operating system sees it. */
function requireInside(root: string): void {
  const real = realpathSync(root);
  for (const file of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    const stats = lstatSync(path.join(root, file));
    assert.ok(stats.isFile() || stats.isDirectory() || stats.isSymbolicLink());
    assert.equal(stats.isSymbolicLink() ? 0 : stats.mode & 0o7077, 0, `${file} is for its owner only`);
    const leads = realOrNull(path.join(root, file));
    assert.ok(leads === null || leads === real || leads.startsWith(`${real}/`), `${file} leads to ${leads}`);
  }
}

/** As the operating system finds it: Node.js by itself takes `link/..` for the directory that the link is in. */
function realOrNull(file: string): string | null {
  try {
    return realpathSync.native(file);
  } catch {
    return null;
  }
}

describe('hostile images', () => {
  it('never write outside of their directory, and are either taken whole or refused', async (t) => {
    const endings = new Set<string>();
    await fc.assert(
      fc.asyncProperty(layers, async (all) => {
        endings.add(await survives(t, await Promise.all(all.map((each) => archive(...each)))));
      }),
      { numRuns: RUNS },
    );
    assert.deepEqual([...endings].toSorted(), ['refused', 'taken'], 'both were seen');
  });

  it('are survived when their archives are broken anywhere', async (t) => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { minLength: 1, maxLength: 5 }), flips, async (entries, broken) => {
        const bytes = await archive(...entries);
        for (const [at, value] of broken) bytes[at % bytes.length] = value;
        await survives(t, [bytes]);
      }),
      { numRuns: RUNS },
    );
  });

  it('are survived when they are no archives at all', async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), async (bytes) => {
        await survives(t, [bytes]);
      }),
      { numRuns: 60 },
    );
  });
});
