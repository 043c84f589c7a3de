import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** A lock that this process holds. */
export interface ExclusiveLock {
  release(): void;
}

const SQLITE_BUSY = 5;

/** Keeps the locks' connections from being collected as garbage, which would let go of the locks. */
const held = new Set<DatabaseSync>();

/**
 * Takes a lock that at most one process on this machine holds, or returns null when another one has it. The operating
 * system holds it (as a lock of SQLite's on a file of its own), so it is free again the moment its holder dies, however
 * that happens. Not for network file systems.
 */
export function takeExclusiveLock(file: string): ExclusiveLock | null {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec('pragma locking_mode = exclusive; begin exclusive');
  } catch (error) {
    database.close();
    const code = error instanceof Error && 'errcode' in error ? error.errcode : null;
    if (typeof code === 'number' && (code & 0xff) === SQLITE_BUSY) return null;
    throw error;
  }
  held.add(database);
  return {
    release() {
      held.delete(database);
      database.close();
    },
  };
}
