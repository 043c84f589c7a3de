import fc from 'fast-check';
import type { HostileEntry } from './images.ts';

/** Entries of archives, and the archives of an image, that an attacker might write. */
export interface HostileLayers {
  readonly entry: fc.Arbitrary<HostileEntry>;
  readonly layers: fc.Arbitrary<readonly (readonly HostileEntry[])[]>;
}

/** Few names, so that entries meet: under, over and through one another. */
export function hostileLayers(names: readonly string[]): HostileLayers {
  const name = fc.constantFrom(...names);
  const odd = fc.constantFrom('..', '.', '', '.wh.a', '.wh..wh..opq', 'é', 'A');
  const plain = pathOf(name);
  const path = fc.oneof(
    { weight: 30, arbitrary: plain },
    { weight: 1, arbitrary: pathOf(fc.oneof(name, odd)) },
  );
  const target = pathOf(fc.oneof(name, fc.constant('..'))).chain((text) =>
    fc.constantFrom(text, `/${text}`, `${text}/../../outside`),
  );
  const mark = fc.constantFrom(...names.map((each) => `.wh.${each}`), '.wh..wh..opq');
  const directory = fc.constant('directory' as const);
  const entry: fc.Arbitrary<HostileEntry> = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ name: path, content: fc.string({ maxLength: 20 }), mode: fc.nat(0o7777) }),
    },
    { weight: 3, arbitrary: fc.record({ name: path, type: directory }) },
    {
      weight: 4,
      arbitrary: fc.record({ name: path, type: fc.constant('symlink' as const), linkname: target }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        name: path,
        type: fc.constant('link' as const),
        linkname: fc.oneof(target, plain),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ name: fc.tuple(plain, mark).map(([above, last]) => whiteoutIn(above, last)) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ name: path, content: fc.string(), pax: fc.record({ path: target }) }),
    },
  );
  return { entry, layers: fc.array(fc.array(entry, { maxLength: 8 }), { minLength: 1, maxLength: 3 }) };
}

function pathOf(names: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const joined = fc.array(names, { minLength: 1, maxLength: 4 }).map((all) => all.join('/'));
  return joined.filter((text) => text !== '');
}

/** Beside what the path leads to. */
function whiteoutIn(path: string, mark: string): string {
  return [...path.split('/').slice(0, -1), mark].join('/');
}
