import { SupplyChainError } from '../../error.ts';

const LONGEST_NAME = 255;

/**
 * The names that lead to an entry of an archive, from its root; empty for the root itself. Throws `UNSAFE_LAYER` when
 * they would lead out of it, and `TOO_LARGE`.
 */
export function namesOf(path: string, longest: number): readonly string[] {
  if (Buffer.byteLength(path) > longest) {
    throw new SupplyChainError('TOO_LARGE', `a layer has a path of more than ${longest} bytes`);
  }
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  if (path.startsWith('/')) throw unsafe(path, 'is absolute');
  if (names.includes('..')) throw unsafe(path, 'leads upwards');
  // Also what could not be read as UTF-8 arrives as this character: two names would become one.
  if (names.some((name) => name.includes('\0') || name.includes('\uFFFD'))) {
    throw unsafe(path, 'is not UTF-8 text');
  }
  if (names.some((name) => Buffer.byteLength(name) > LONGEST_NAME)) {
    throw new SupplyChainError('TOO_LARGE', `a layer has a name of more than ${LONGEST_NAME} bytes`);
  }
  return names;
}

/** An entry that is not unpacked, for what it would do. */
export function unsafe(path: string, why: string, cause?: unknown): SupplyChainError {
  const options = cause === undefined ? undefined : { cause };
  return new SupplyChainError(
    'UNSAFE_LAYER',
    `a layer has ${JSON.stringify(path.slice(0, 200))}, which ${why}`,
    options,
  );
}
