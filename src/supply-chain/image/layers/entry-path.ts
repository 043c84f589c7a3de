import { SupplyChainError } from '../../error.ts';

const LONGEST_NAME = 255;

/**
 * What layers are read for. A directory of this machine takes only what means the same there as in a container: nothing
 * absolute, nothing that passes through links, no devices and pipes, only names in UTF-8. A container takes these as well,
 * and so does whoever says what is in it.
 */
export type Purpose = 'a directory' | 'a container';

/** The most bytes of a path, and what it is for. */
export interface PathRules {
  readonly longest: number;
  readonly purpose: Purpose;
}

/**
 * The names that lead to an entry of an archive, from its root; empty for the root itself. Throws `UNSAFE_LAYER` when
 * they would lead out of it, and `TOO_LARGE`.
 */
export function namesOf(path: string, { longest, purpose }: PathRules): readonly string[] {
  requireShort(path, longest);
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  if (purpose === 'a directory' && path.startsWith('/')) throw unsafe(path, 'is absolute');
  if (names.includes('..')) throw unsafe(path, 'leads upwards');
  if (!isText(path, purpose)) throw unsafe(path, 'is not UTF-8 text');
  if (names.some((name) => Buffer.byteLength(name) > LONGEST_NAME)) {
    throw new SupplyChainError('TOO_LARGE', `a layer has a name of more than ${LONGEST_NAME} bytes`);
  }
  return names;
}

/** Throws `TOO_LARGE`. */
export function requireShort(path: string, longest: number): void {
  if (Buffer.byteLength(path) <= longest) return;
  throw new SupplyChainError('TOO_LARGE', `a layer has a path of more than ${longest} bytes`);
}

/** Throws `UNSAFE_LAYER` for a link that no system could make. */
export function requireTarget(
  names: readonly string[],
  target: string,
  { longest, purpose }: PathRules,
): void {
  if (target !== '' && isText(target, purpose) && Buffer.byteLength(target) <= longest) return;
  throw unsafe(names.join('/'), 'is a link to what is no path');
}

/** Also what could not be read as UTF-8 arrives as U+FFFD: two names would become one. */
function isText(path: string, purpose: Purpose): boolean {
  return !path.includes('\0') && (purpose === 'a container' || !path.includes('\uFFFD'));
}

/** An entry that is not taken, for what it would do. */
export function unsafe(path: string, why: string, cause?: unknown): SupplyChainError {
  const options = cause === undefined ? undefined : { cause };
  return new SupplyChainError(
    'UNSAFE_LAYER',
    `a layer has ${JSON.stringify(path.slice(0, 200))}, which ${why}`,
    options,
  );
}
