import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { SupplyChainError } from '../error.ts';
import { openBudget } from './budget.ts';
import { fileTree } from './file-tree.ts';
import { layerEntries } from './layer-entries.ts';
import { archiveOf } from './testing/image.ts';

const name = fc.constantFrom('a', 'b', 'c');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
const change = fc.record({
  kind: fc.constantFrom('put', 'remove', 'directory', 'white out', 'white out content', 'next layer'),
  path,
});

/** The same by paths alone: slow, and plain to see. */
function byPaths(changes: readonly { kind: string; path: string }[]): readonly string[] {
  let files = new Map<string, number>();
  let layer = 0;
  const without = (isGone: (file: string, layer: number) => boolean) => {
    files = new Map([...files].filter(([file, from]) => !isGone(file, from)));
  };
  for (const { kind, path: at } of changes) {
    const isWithin = (file: string) => file.startsWith(`${at}/`);
    if (kind === 'put') {
      without((file) => file === at || isWithin(file) || at.startsWith(`${file}/`));
      files.set(at, layer);
    }
    if (kind === 'remove') without((file) => file === at || isWithin(file));
    if (kind === 'directory') without((file) => file === at);
    if (kind === 'white out') without((file, from) => from < layer && (file === at || isWithin(file)));
    if (kind === 'white out content') without((file, from) => from < layer && isWithin(file));
    if (kind === 'next layer') layer += 1;
  }
  return [...files.keys()].toSorted();
}

describe('the files of an image', () => {
  it('are those that are left when layer after layer is applied', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 25 }), (changes) => {
        const tree = fileTree<string>();
        for (const { kind, path: at } of changes) {
          if (kind === 'put') tree.put(at, at);
          if (kind === 'remove') tree.remove(at);
          if (kind === 'directory') tree.putDirectory(at);
          if (kind === 'white out') tree.whiteOut(at);
          if (kind === 'white out content') tree.whiteOutContent(at);
          if (kind === 'next layer') tree.nextLayer();
        }
        assert.deepEqual(
          tree.files().map(([file]) => file),
          byPaths(changes),
        );
      }),
      { numRuns: 2000 },
    );
  });
});

async function entriesIn(bytes: Buffer, budget = openBudget()): Promise<number> {
  let count = 0;
  async function* source() {
    for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100);
  }
  for await (const _ of layerEntries(source(), budget)) count += 1;
  return count;
}

describe('a layer', () => {
  it('is read whole or refused, however it is damaged', async () => {
    const archive = await archiveOf([
      ['a/package.json', '{}'],
      [`${'deep/'.repeat(40)}file`, 'x'.repeat(1000)],
      ['b', { type: 'symlink', linkname: 'a' }],
    ]);
    assert.equal(await entriesIn(gzipSync(archive)), 3);
    await fc.assert(
      fc.asyncProperty(fc.nat(archive.length - 1), fc.nat(255), fc.boolean(), async (at, byte, isInside) => {
        const bytes = Buffer.from(isInside ? archive : gzipSync(archive));
        bytes[at % bytes.length] = byte;
        try {
          assert.ok((await entriesIn(isInside ? gzipSync(bytes) : bytes)) <= 10);
        } catch (error) {
          assert.ok(error instanceof SupplyChainError && error.code === 'MALFORMED_IMAGE', String(error));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('is not read further than the budget goes', async () => {
    const bomb = gzipSync(await archiveOf([['zeros', Buffer.alloc(5_000_000)]]));
    const isTooLarge = (error: unknown) => error instanceof SupplyChainError && error.code === 'TOO_LARGE';
    await assert.rejects(entriesIn(bomb, openBudget(1_000_000)), isTooLarge);
    const many = gzipSync(await archiveOf(Array.from({ length: 20 }, (_, index) => [`${index}`, ''])));
    await assert.rejects(entriesIn(many, openBudget(1_000_000, 10)), isTooLarge);
  });
});
