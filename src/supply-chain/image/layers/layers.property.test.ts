import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SupplyChainError } from '../../error.ts';
import { applyEntry } from './apply-entry.ts';
import type { ArchiveEntry } from './archive-entry.ts';
import { everything } from './everything.ts';
import { budgetOf, LARGEST_IMAGE } from './limits.ts';
import { type Effects, emptyTree } from './tree.ts';

const EVERY_WAY = ['file', 'device', 'directory', 'white out', 'white out content', 'next layer'] as const;

interface Change {
  readonly kind: (typeof EVERY_WAY)[number];
  readonly path: string;
}

const name = fc.constantFrom('a', 'b', 'c');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
const change: fc.Arbitrary<Change> = fc.record({ kind: fc.constantFrom(...EVERY_WAY), path });

type Kept = 'file' | 'device';

/** The same by paths alone: slow, and plain to see. Null when the layers cannot be applied. */
function byPaths(changes: readonly Change[]): readonly string[] | null {
  let there = new Map<string, { readonly kind: Kept; readonly layer: number }>();
  let layer = 0;
  const without = (isGone: (at: string, from: number) => boolean) => {
    there = new Map([...there].filter(([at, from]) => !isGone(at, from.layer)));
  };
  for (const { kind, path: at } of changes) {
    const isWithin = (other: string) => other.startsWith(`${at}/`);
    const ways = kind === 'white out content' ? [at, ...above(at)] : above(at);
    if (kind !== 'next layer' && ways.some((each) => there.has(each))) return null;
    if (kind === 'file' || kind === 'device') {
      without((other) => other === at || isWithin(other));
      there.set(at, { kind, layer });
    }
    if (kind === 'directory') without((other) => other === at);
    if (kind === 'white out') {
      without((other, from) => from < layer && (other === at || isWithin(other)));
    }
    if (kind === 'white out content') {
      without((other, from) => from < layer && isWithin(other));
    }
    if (kind === 'next layer') layer += 1;
  }
  return [...there].flatMap(([at, { kind }]) => (kind === 'file' ? [at] : [])).toSorted();
}

function above(at: string): readonly string[] {
  const names = at.split('/');
  return names.slice(1).map((_, index) => names.slice(0, index + 1).join('/'));
}

/** Keeps a set of paths, as a disk would: what is made must not be there, and its directory must. */
function watchedEffects(): Effects<string> & { readonly there: Set<string> } {
  const there = new Set<string>(['']);
  const make = (names: readonly string[]) => {
    const at = names.join('/');
    assert.ok(!there.has(at), `${at} is free`);
    assert.ok(there.has(names.slice(0, -1).join('/')), `there is a directory for ${at}`);
    there.add(at);
  };
  return {
    there,
    makeDirectory: async (names) => make(names),
    makeLink: async (names) => make(names),
    makeSecondName: async (names, _, content) => {
      make(names);
      return content;
    },
    makeFile: async (names) => {
      make(names);
      return names.join('/');
    },
    remove: async (names) => {
      const at = names.join('/');
      there.delete(at);
      for (const other of there) if (other.startsWith(`${at}/`)) there.delete(other);
    },
  };
}

function entryFor({ kind, path: at }: Change): ArchiveEntry {
  const [last = '', ...rest] = at.split('/').toReversed();
  const nameOf = {
    file: at,
    device: at,
    directory: `${at}/`,
    'white out': [...rest.toReversed(), `.wh.${last}`].join('/'),
    'white out content': `${at}/.wh..wh..opq`,
    'next layer': '',
  };
  const content = (async function* () {})();
  const kept = kind === 'directory' || kind === 'device' ? kind : 'file';
  return { name: nameOf[kind], kind: kept, target: '', size: 0, isProgram: false, content };
}

async function byLayers(changes: readonly Change[]): Promise<readonly string[] | null> {
  const effects = watchedEffects();
  const limits = { ...LARGEST_IMAGE, compressed: 1, ratio: 1, path: 100 };
  const tree = emptyTree('a container', budgetOf(limits, 'the image'), effects);
  let layer = 1;
  try {
    for (const each of changes) {
      if (each.kind === 'next layer') layer += 1;
      else await applyEntry(tree, entryFor(each), layer);
    }
  } catch (error) {
    assert.ok(error instanceof SupplyChainError && error.code === 'UNSAFE_LAYER', String(error));
    return null;
  }
  const all = [...everything(tree.root)];
  const paths = all.map(({ names }) => names.join('/'));
  const devices = all.filter(({ node }) => node.kind === 'device').map(({ names }) => names.join('/'));
  assert.deepEqual(
    paths.filter((at) => !devices.includes(at)).toSorted(),
    [...effects.there].filter((at) => at !== '').toSorted(),
    'what was done with files is what is known of them',
  );
  return all.flatMap(({ names, node }) => (node.kind === 'file' ? [names.join('/')] : []));
}

describe('the files of an image', () => {
  it('are those that are left when layer after layer is applied', async () => {
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 25 }), async (changes) => {
        const found = await byLayers(changes);
        if (found !== null && found.length > 0) taken += 1;
        assert.deepEqual(found?.toSorted() ?? null, byPaths(changes));
      }),
      { numRuns: 2000 },
    );
    assert.ok(taken > 200, `${taken} of 2000 came to files`);
  });
});
