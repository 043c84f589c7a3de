import path from 'node:path';
import { SupplyChainError } from '../error.ts';

const LONGEST = 4096;

/**
 * The name of an entry of a layer as a path from the image's root, without `./` and slashes around it; empty for the root
 * itself. A name that leads out of the image is not repaired. Throws `UNSAFE_LAYER`.
 */
export function layerPath(name: string): string {
  if (name.length > LONGEST || name.includes('\0')) throw unsafe(name);
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw unsafe(name);
  return parts.join('/');
}

/** Where a link leads, as a path from the root: a root is as far up as it can go, as for the kernel. */
export function linkedPath(link: string, target: string): string {
  const start = target.startsWith('/') ? '/' : `/${path.posix.dirname(link)}`;
  return path.posix.join(start, target).replace(/^\/+|\/+$/g, '');
}

function unsafe(name: string): SupplyChainError {
  return new SupplyChainError(
    'UNSAFE_LAYER',
    `a layer has an entry ${JSON.stringify(name.slice(0, 200))}, which no file of an image can be called`,
  );
}
