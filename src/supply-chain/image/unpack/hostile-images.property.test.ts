import assert from 'node:assert/strict';
import { lstatSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { SupplyChainError, type SupplyChainCode } from '../../error.ts';
import { hexOf } from '../../oci/digest.ts';
import { temporaryDirectory } from '../testing/directories.ts';
import { archive, emptyRepository, storeArchives, type HostileEntry } from '../testing/images.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { unpackImage } from './unpack-image.ts';

const RUNS = 200;
const EXPECTED: readonly SupplyChainCode[] = [
  'UNSAFE_LAYER',
  'TOO_LARGE',
  'MALFORMED_IMAGE',
  'DIGEST_MISMATCH',
];

/** Few names, so that entries meet: under, over and through one another. */
const name = fc.constantFrom('a', 'b', 'c');
const odd = fc.constantFrom('..', '.', '', '.wh.a', '.wh..wh..opq', 'é', 'A');
function placeOf(names: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const joined = fc.array(names, { minLength: 1, maxLength: 4 }).map((all) => all.join('/'));
  return joined.filter((text) => text !== '');
}
const place = fc.oneof(
  { weight: 30, arbitrary: placeOf(name) },
  { weight: 1, arbitrary: placeOf(fc.oneof(name, odd)) },
);
const target = placeOf(fc.oneof(name, fc.constant('..'))).chain((text) =>
  fc.constantFrom(text, `/${text}`, `${text}/../../outside`),
);
const entry: fc.Arbitrary<HostileEntry> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ name: place, content: fc.string({ maxLength: 20 }), mode: fc.nat(0o7777) }),
  },
  { weight: 3, arbitrary: fc.record({ name: place, type: fc.constant('directory' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ name: place, type: fc.constant('symlink' as const), linkname: target }),
  },
  { weight: 3, arbitrary: fc.record({ name: place, type: fc.constant('link' as const), linkname: target }) },
  {
    weight: 1,
    arbitrary: fc.record({ name: place, content: fc.string(), pax: fc.record({ path: target }) }),
  },
);
const layers = fc.array(fc.array(entry, { maxLength: 8 }), { minLength: 1, maxLength: 3 });

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

function realOrNull(file: string): string | null {
  try {
    return realpathSync(file);
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
