import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { StoreError, type StoreErrorCode } from '../store.ts';
import { migrate } from './schema.ts';

/** From this version on, a writer and a checkpoint of another process cannot corrupt each other's log. */
const OLDEST_SQLITE = '3.51.3';
/** A directory of this name has nothing but state in it, whoever made it. */
const USUAL_NAME = '.canary';
/** SQLite's own wait for a lock blocks the whole process, so it is kept short and repeated from outside. */
const BUSY_TIMEOUT_MS = 100;
const BUSY_TRIES = 90;

/** Opens the database file, creating and migrating it where needed. */
export function openDatabase(file: string): DatabaseSync {
  return translated(file, () => {
    makeDirectory(path.dirname(file));
    const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
    const version = String(database.prepare('select sqlite_version() as version').get()?.['version']);
    if (compareVersions(version, OLDEST_SQLITE) < 0) {
      throw new StoreError(
        'bad-version',
        `This Node.js brings SQLite ${version}; canary needs ${OLDEST_SQLITE} or newer. Use Node.js 24.15 or newer.`,
      );
    }
    database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on');
    migrate(database, file);
    return database;
  });
}

/** State is not source, wherever it lies: git is told so, but not where other things may lie too. */
function makeDirectory(directory: string): void {
  const isMade = mkdirSync(directory, { recursive: true, mode: 0o700 }) !== undefined;
  const file = path.join(directory, '.gitignore');
  const isOurs = isMade || path.basename(directory) === USUAL_NAME;
  if (isOurs && !existsSync(file)) writeFileSync(file, '*\n');
}

/**
 * Runs `work` in one write transaction. Waits while another process writes; rejects with `unavailable` when that takes
 * ten seconds.
 */
export async function transaction<T>(file: string, database: DatabaseSync, work: () => T): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      database.exec('begin immediate');
      break;
    } catch (error) {
      if (primaryCode(error) !== SQLITE_BUSY || tries >= BUSY_TRIES) throw translate(file, error);
      await wait(10);
    }
  }
  try {
    const result = work();
    database.exec('commit');
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec('rollback');
    throw translate(file, error);
  }
}

/** Runs `work` and turns SQLite's errors into `StoreError`. */
export function translated<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw translate(file, error);
  }
}

const SQLITE_BUSY = 5;

const TRANSLATIONS: Readonly<Record<number, readonly [StoreErrorCode, string]>> = {
  [SQLITE_BUSY]: [
    'unavailable',
    'is locked by another process that does not let go; see whether one is stuck',
  ],
  8: ['read-only', 'cannot be written; check the permissions of the file and its directory'],
  10: ['unavailable', 'could not be read or written; check the disk'],
  11: ['corrupt', 'is damaged; restore it from a backup, or move it away to begin anew'],
  13: ['full', 'cannot grow: the disk is full. Nothing was changed; make room and run the command again'],
  14: ['unavailable', 'cannot be opened; check that the directory exists and can be written'],
  26: ['corrupt', 'is not a SQLite database; move it away to begin anew'],
};

function translate(file: string, error: unknown): unknown {
  const systemCode = error instanceof Error && 'code' in error ? error.code : null;
  if (systemCode === 'EACCES' || systemCode === 'EROFS' || systemCode === 'EPERM') {
    return new StoreError('read-only', `${path.dirname(file)} cannot be written; check its permissions.`, {
      cause: error,
    });
  }
  const translation = TRANSLATIONS[primaryCode(error) ?? -1];
  if (translation === undefined) return error;
  const [code, text] = translation;
  return new StoreError(code, `The state in ${file} ${text}.`, { cause: error });
}

/** The low byte of SQLite's result code, or null for other errors. */
function primaryCode(error: unknown): number | null {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : null;
  return typeof code === 'number' ? code & 0xff : null;
}

/** Extended code of a violated unique index. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 2067;
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (const [index, number] of (left ?? []).entries()) {
    const difference = number - (right?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
