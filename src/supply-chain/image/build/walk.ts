import { lstat, readdir, readlink, realpath } from 'node:fs/promises';
import path from 'node:path';
import { SupplyChainError } from '../../error.ts';
import { MODES, type LayerEntry } from './layer-entry.ts';

export interface WalkOptions {
  /** Where the directory will be in the image: `app`; empty for its root. */
  readonly at: string;
  /** Whether a path, from the directory, is wanted. */
  readonly wants?: (file: string) => boolean;
  /** Whether to look into a directory at all. */
  readonly enters?: (directory: string) => boolean;
  /** Whether links may lead anywhere: those of a root file system are read from its own root. */
  readonly anyLinks?: boolean;
}

/** Everything in a directory, for a layer. Throws `UNBUILDABLE`. */
export async function walk(directory: string, options: WalkOptions): Promise<readonly LayerEntry[]> {
  const root = await realpath(directory);
  const { at, wants = () => true, enters = () => true, anyLinks = false } = options;
  const found: LayerEntry[] = [];

  async function visit(inside: string): Promise<void> {
    for (const name of await readdir(path.join(root, inside))) {
      const file = path.posix.join(inside, name);
      const place = path.posix.join(at, file);
      if (name.includes('\uFFFD')) throw unbuildable(`the name of ${place} is not UTF-8; rename it`);
      const source = path.join(root, file);
      const stats = await lstat(source);
      if (stats.isDirectory()) {
        if (wants(file)) {
          found.push({
            kind: 'directory',
            path: place,
            mode: at === '' && file === 'tmp' ? MODES.shared : MODES.directory,
          });
        }
        if (enters(file)) await visit(file);
      } else if (!wants(file)) {
        continue;
      } else if (stats.isFile()) {
        const mode = (stats.mode & 0o100) === 0 ? MODES.file : MODES.program;
        found.push({ kind: 'file', path: place, source, size: stats.size, mode });
      } else if (stats.isSymbolicLink()) {
        const target = await readlink(source);
        if (!anyLinks) await requireInside(root, file, target);
        found.push({ kind: 'symlink', path: place, target });
      } else {
        throw unbuildable(`${source} is neither file, directory nor link; name it in .dockerignore`);
      }
    }
  }

  await visit('');
  return found;
}

/** A link of a service must lead to something of the service, or it would be another thing elsewhere. */
async function requireInside(root: string, file: string, target: string): Promise<void> {
  const lexical = path.posix.normalize(path.posix.join(path.posix.dirname(file), target));
  const leaves = path.isAbsolute(target) || lexical === '..' || lexical.startsWith('../');
  if (!leaves && (await isInside(root, path.join(root, file)))) return;
  throw unbuildable(
    `${path.join(root, file)} is a link to ${target}, outside of what goes into the image; name it in .dockerignore, or put what it leads to into the directory`,
  );
}

/** Through all links. A link to nothing leads nowhere else either. */
async function isInside(root: string, link: string): Promise<boolean> {
  try {
    const real = await realpath(link);
    return real === root || real.startsWith(root + path.sep);
  } catch {
    return true;
  }
}

function unbuildable(message: string): SupplyChainError {
  return new SupplyChainError('UNBUILDABLE', message);
}
