/** Something that a layer holds. Owner, times and the finer points of modes are the same for all. */
export type LayerEntry =
  | { readonly kind: 'directory'; readonly path: string; readonly mode: number }
  | {
      readonly kind: 'file';
      /** From the root of the image, without a leading slash: `app/package.json`. */
      readonly path: string;
      /** The file on this machine that has the content. */
      readonly source: string;
      /** Bytes. */
      readonly size: number;
      readonly mode: number;
    }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string };

/** Modes of everything in a layer, whatever the umask was where the files were made. */
export const MODES = { directory: 0o755, file: 0o644, program: 0o755, shared: 0o1777 } as const;

/** In the order in which they are written, each once, with the directories above them. */
export function inOrder(entries: readonly LayerEntry[]): readonly LayerEntry[] {
  const all = new Map(entries.flatMap(directoriesAbove).map((entry) => [entry.path, entry]));
  for (const entry of entries) all.set(entry.path, entry);
  return [...all.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function directoriesAbove({ path }: LayerEntry): readonly LayerEntry[] {
  const names = path.split('/');
  return names.slice(1).map((_, depth) => ({
    kind: 'directory',
    path: names.slice(0, depth + 1).join('/'),
    mode: MODES.directory,
  }));
}
