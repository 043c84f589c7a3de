import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomUUID,
  type KeyObject,
} from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SupplyChainError } from '../error.ts';

/** A key pair in files: ECDSA on the curve P-256. */
export interface LocalKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** The public key in PEM (SPKI), to be given to those who shall trust it. */
  readonly publicKeyFile: string;
  /** Whether it was made just now. */
  readonly isNew: boolean;
}

/**
 * The key of that name in the directory, made when it is first used: `<name>.key` (PKCS #8, for its owner only) and
 * `<name>.pub`. When two processes make it at the same time, both get the same one. Throws `KEY_ERROR`.
 */
export function localKey(directory: string, name: string): LocalKey {
  if (!isKeyName(name)) {
    throw new SupplyChainError(
      'KEY_ERROR',
      `"${name.slice(0, 100)}" cannot be the name of a key: it must be lower-case letters, digits and dashes, at most 61`,
    );
  }
  const files = { private: path.join(directory, `${name}.key`), public: path.join(directory, `${name}.pub`) };
  const isNew = makeOnce(directory, files.private);
  const privateKey = readPrivateKey(files.private);
  const publicKey = createPublicKey(privateKey);
  const pem = publicKey.export({ type: 'spki', format: 'pem' });
  writeOnce(directory, files.public, pem, 0o644);
  requireSame(files, pem.toString());
  return { privateKey, publicKey, publicKeyFile: files.public, isNew };
}

/** Whether a key can have that name, which is part of the names of its files. */
export function isKeyName(text: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,60}$/.test(text);
}

/** Others trust the file with the public key, which must be that of this private key. */
function requireSame(files: { readonly private: string; readonly public: string }, pem: string): void {
  if (readFileSync(files.public, 'utf8').trim() === pem.trim()) return;
  throw new SupplyChainError(
    'KEY_ERROR',
    `${files.public} does not belong to ${files.private}: remove it, and it is written anew`,
  );
}

/** Whether a new key was made; false if there was one. */
function makeOnce(directory: string, file: string): boolean {
  if (statSync(file, { throwIfNoEntry: false }) !== undefined) return false;
  keepOutOfGit(directory);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return writeOnce(directory, file, privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600);
}

/** A key that is committed is no secret any more, and the directory above may not be ignored: people make it, too. */
function keepOutOfGit(directory: string): void {
  writeOnce(directory, path.join(directory, '.gitignore'), '*\n', 0o600);
}

/** Writes a file whole, unless it is there: then it stays as it is. */
function writeOnce(directory: string, file: string, content: string | Buffer, mode: number): boolean {
  if (statSync(file, { throwIfNoEntry: false }) !== undefined) return false;
  const temporary = path.join(directory, `.${randomUUID()}`);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(temporary, content, { mode, flush: true });
    linkSync(temporary, file);
    return true;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') return false;
    throw new SupplyChainError('KEY_ERROR', `${file} cannot be written: ${sayCause(cause)}`, { cause });
  } finally {
    rmSync(temporary, { force: true });
  }
}

function readPrivateKey(file: string): KeyObject {
  const readableBy = statSync(file).mode & 0o077;
  if (readableBy !== 0) {
    throw new SupplyChainError(
      'KEY_ERROR',
      `${file} can be read by others than its owner, so it is no secret; make a new one, or \`chmod 600\` it if nobody has`,
    );
  }
  try {
    const key = createPrivateKey(readFileSync(file));
    if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
  } catch (cause) {
    throw new SupplyChainError('KEY_ERROR', `${file} holds no private key: ${sayCause(cause)}`, { cause });
  }
  throw new SupplyChainError('KEY_ERROR', `${file} holds a key that is not one of ECDSA on the curve P-256`);
}

function sayCause(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
