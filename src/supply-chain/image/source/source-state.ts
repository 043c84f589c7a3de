import { createHash, type Hash } from 'node:crypto';
import type { LayerEntry } from '../build/layer-entry.ts';
import { type Checkout, type CommittedFile, ignoredBy } from './checkout.ts';

/** The commit that the files of an image come from, and what of them does not. */
export interface SourceState {
  readonly commit: string;
  readonly ref: string | null;
  readonly repository: string | null;
  /** Files that are not as the commit has them, that it does not have, or that are missing. In order. */
  readonly changed: readonly string[];
  /** Files that it does not have and that git is told to ignore, as what was compiled before. In order. */
  readonly generated: readonly string[];
}

/** Tells of files while they are written into a layer what git would call them. */
export interface FileIds {
  onContent(file: LayerFile, chunk: Uint8Array): void;
  idOf(entry: LayerEntry): CommittedFile | null;
}

type LayerFile = Extract<LayerEntry, { kind: 'file' }>;

/** Ids of the kind that the repository of that commit has. */
export function fileIds(commit: string): FileIds {
  const algorithm = commit.length === 40 ? 'sha1' : 'sha256';
  const begin = (size: number) => createHash(algorithm).update(`blob ${size}\0`);
  const started = new Map<string, Hash>();
  return {
    onContent({ path, size }, chunk) {
      const hash = started.get(path) ?? begin(size);
      started.set(path, hash.update(chunk));
    },
    idOf(entry) {
      switch (entry.kind) {
        case 'directory':
          return null;
        case 'symlink': {
          const target = Buffer.from(entry.target);
          return { mode: '120000', id: begin(target.length).update(target).digest('hex') };
        }
        case 'file': {
          const mode = (entry.mode & 0o100) === 0 ? '100644' : '100755';
          return { mode, id: (started.get(entry.path) ?? begin(0)).copy().digest('hex') };
        }
        default:
          return entry satisfies never;
      }
    },
  };
}

/** What went into an image from the directory that was checked out. */
export interface SourceFiles {
  readonly entries: readonly LayerEntry[];
  /** Directory of the entries in the image. */
  readonly at: string;
  /** Whether a file, by its path from the directory, stays out of the image. */
  readonly ignores: (file: string) => boolean;
  readonly ids: FileIds;
}

/**
 * Compares what went in with what the commit has, byte for byte. Neither times nor the index of git are believed, and
 * filters of git, which could change what is checked out, are not asked.
 */
export async function sourceState(
  { place, files, ...checkout }: Checkout,
  { entries, at, ignores, ids }: SourceFiles,
): Promise<SourceState> {
  const { commit, ref, repository } = checkout;
  const own = new Map(
    entries.flatMap((entry) => {
      const id = ids.idOf(entry);
      return id === null ? [] : [[entry.path.slice(at.length + 1), id] as const];
    }),
  );
  const unknown = [...own.keys()].filter((file) => !files.has(file));
  const generated = await ignoredBy(place, unknown);
  const untracked = unknown.filter((file) => !generated.includes(file));
  const differing = [...files].filter(([file, was]) => {
    const is = own.get(file);
    return is === undefined ? !ignores(file) : is.id !== was.id || is.mode !== was.mode;
  });
  const changed = [...untracked, ...differing.map(([file]) => file)];
  return { commit, ref, repository, changed: changed.toSorted(), generated: generated.toSorted() };
}
