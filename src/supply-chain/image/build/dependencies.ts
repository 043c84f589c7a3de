import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { SupplyChainError } from '../../error.ts';
import type { Platform } from '../platform.ts';
import type { LayerEntry } from './layer-entry.ts';
import type { FoundLock } from './lock-file.ts';
import { neededPackages, type NeededPackage } from './needed-packages.ts';
import { cpuOf } from './package-platform.ts';
import type { Service } from './service.ts';
import { walk } from './walk.ts';

/**
 * What of node_modules belongs into an image: with npm's lock file the packages that it names for running, in the
 * versions that it names; without one everything in the service's own node_modules. Throws `UNBUILDABLE`.
 */
export async function dependencyEntries(
  { service, lock }: { readonly service: Service; readonly lock: FoundLock | null },
  platform: Platform,
  at: string,
): Promise<readonly LayerEntry[]> {
  if (lock !== null) {
    const packages = await Promise.all(
      neededPackages(lock, platform).map((needed) => packageEntries(lock.root, needed, platform, at)),
    );
    return packages.flat();
  }
  if (existsSync(path.join(service.directory, 'node_modules'))) {
    // From the directory of the service, so that links may lead from one package to another.
    return walk(service.directory, { at, wants: inNodeModules, enters: inNodeModules });
  }
  if (!service.hasDependencies) return [];
  throw new SupplyChainError(
    'UNBUILDABLE',
    `${service.directory} has dependencies and no node_modules; install them first, with \`npm ci\``,
  );
}

function inNodeModules(file: string): boolean {
  return /^node_modules(?:\/(?!\.cache(?:\/|$)|\.bin(?:\/|$)|\.package-lock\.json$)|$)/.test(file);
}

/** npm installs what is for other platforms when it is told which. */
function installFor(platform: Platform): string {
  return `npm ci --os=linux --cpu=${cpuOf(platform)}`;
}

/** A package without the packages inside of it, which are needed or not on their own account. */
async function packageEntries(
  root: string,
  { installedAt, goesTo, version, isOptional }: NeededPackage,
  platform: Platform,
  at: string,
): Promise<readonly LayerEntry[]> {
  const directory = path.join(root, installedAt);
  const installed = await installedVersion(directory);
  if (installed === null && isOptional) return [];
  if (version !== null && installed !== version) {
    throw new SupplyChainError(
      'UNBUILDABLE',
      `${directory} is ${installed === null ? 'not there' : `version ${installed}`}, and the lock file says ${version}; install what it says, with \`${installFor(platform)}\``,
    );
  }
  return walk(directory, { at: path.posix.join(at, goesTo), wants: isOwn, enters: isOwn });
}

function isOwn(file: string): boolean {
  return file !== 'node_modules' && !file.startsWith('node_modules/');
}

const packageVersion = z.object({ version: z.string() });

async function installedVersion(directory: string): Promise<string | null> {
  try {
    return packageVersion.parse(JSON.parse(await readFile(path.join(directory, 'package.json'), 'utf8')))
      .version;
  } catch {
    return null;
  }
}
