import { spawn } from 'node:child_process';
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { copyFile, stat, truncate } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { birthOf, isOfThisRun } from './birth.ts';
import type { Program } from './program.ts';

/** A process of the service, told apart from any later one with the same pid by its birth. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly birth: string;
}

/** What it takes to start one. */
export interface StartOptions {
  readonly program: Program;
  /** Whether it sees nothing of the proxy's own environment. */
  readonly isIsolated: boolean;
  readonly port: number;
  /** Variables that canary adds. */
  readonly env: Readonly<Record<string, string>>;
  /** File that standard output and standard error are appended to. */
  readonly log: string;
  /** Called once: with an exit code or signal, or with what kept it from starting. */
  readonly onExit: (reason: string) => void;
}

/**
 * Starts a process in a group of its own, so that it outlives its parent and is stopped together with its children.
 * Returns null when it could not be started; `onExit` says why.
 */
export function startProcess({
  program,
  isIsolated,
  port,
  env,
  log,
  onExit,
}: StartOptions): ProcessIdentity | null {
  const [command, ...args] = program.command;
  const output = openLog(log, onExit);
  if (output === null) return null;
  try {
    const child = spawn(command, args, {
      cwd: program.cwd,
      env: {
        ...(isIsolated ? {} : process.env),
        HOST: '127.0.0.1',
        ...env,
        ...program.env,
        PORT: String(port),
      },
      stdio: ['ignore', output, output],
      detached: true,
    });
    child.once('error', (error) => onExit(sayStartError(error, program)));
    child.once('exit', (code, signal) =>
      onExit(code === null ? `was ended by ${signal}` : `exited with code ${code}`),
    );
    child.unref();
    return child.pid === undefined ? null : identify(child.pid);
  } catch (error) {
    onExit(sayStartError(error, program));
    return null;
  } finally {
    closeSync(output);
  }
}

/** A service whose words would be lost is not started; where the log goes is canary's trouble, and is told as such. */
function openLog(log: string, onExit: (reason: string) => void): number | null {
  try {
    mkdirSync(path.dirname(log), { recursive: true });
    return openSync(log, 'a', 0o600);
  } catch (error) {
    onExit(`cannot be started: no log can be kept for it: ${messageOf(error)}`);
    return null;
  }
}

function sayStartError(error: unknown, { command, cwd }: Program): string {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'ENOENT') {
    const missing = existsSync(cwd) ? `${command[0]} was not found` : `its directory ${cwd} does not exist`;
    return `cannot be started: ${missing}`;
  }
  if (code === 'EACCES') return `cannot be started: ${command[0]} may not be executed`;
  return `cannot be started: ${messageOf(error)}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A process that could not be told apart from others later on is not kept. */
function identify(pid: number): ProcessIdentity {
  try {
    return { pid, birth: birthOf(pid) ?? '' };
  } catch (error) {
    process.kill(-pid, 'SIGKILL');
    throw error;
  }
}

/** Whether that very process still lives. One that cannot be looked at, for want of descriptors perhaps, is taken to. */
export function isAlive({ pid, birth }: ProcessIdentity): boolean {
  try {
    return birthOf(pid) === birth;
  } catch {
    return true;
  }
}

/** Sends a signal to the process and its children; with 0 only asks. Tells whether any of them was there to get it. */
export function signalGroup({ pid }: ProcessIdentity, signal: 'SIGTERM' | 'SIGKILL' | 0): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}

/**
 * Kills what a process that has ended left behind in its group. No process gets the number of a group that still has
 * members, so as long as nobody has this one, and the machine was not started anew, the group is the one that was.
 */
export function killLeftovers(identity: ProcessIdentity): void {
  try {
    if (birthOf(identity.pid) === null && isOfThisRun(identity.birth)) signalGroup(identity, 'SIGKILL');
  } catch {
    // Whose group it is cannot be found out, so it is left alone.
  }
}

/** A port on the loopback that nobody uses right now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const LONGEST_LOG = 10 * 1024 * 1024;

/**
 * Keeps a log from growing for ever: what is there becomes `<log>.1`, and the process goes on at the beginning. Never
 * rejects.
 */
export async function rotateLog(log: string): Promise<void> {
  try {
    if ((await stat(log)).size <= LONGEST_LOG) return;
    await copyFile(log, `${log}.1`);
    await truncate(log);
  } catch {
    // There is no log yet, or no room for a copy: it is tried again.
  }
}

const TAIL_BYTES = 4_096;

/** Lines that say where, and not what: of traces, and of the frame that a runtime puts around them. */
const NOT_TELLING = /^(\s+at |\s*[\^~]+$|[\s{}()[\],;]*$|node:internal\/|Node\.js v\d|\s*throw )/;
const TELLING = /\b(\w*(error|exception)|fatal|panic(ked)?|denied|not found|cannot|can't|failed)\b/i;
/** An error that is further back than so many lines is an older one. */
const RECENT = 8;
const LINES = 3;

/** The last words of a log that tell something, on one line and short enough to show; null if it says nothing. */
export function lastWords(log: string, most: number = 200): string | null {
  const lines = tailOf(log).filter((line) => !NOT_TELLING.test(line));
  const error = lines.slice(-RECENT).findLast((line) => TELLING.test(line));
  if (error !== undefined) return error.slice(0, most);
  const different = lines.filter((line, index) => line !== lines[index - 1]);
  const last = different.slice(-LINES).join(' | ');
  return last === '' ? null : last.slice(-most);
}

/** The last lines of a log, without what cannot be shown. */
function tailOf(log: string): readonly string[] {
  try {
    const file = openSync(log, 'r');
    try {
      const start = Math.max(0, fstatSync(file).size - TAIL_BYTES);
      const tail = Buffer.alloc(TAIL_BYTES);
      const length = readSync(file, tail, 0, TAIL_BYTES, start);
      const lines = tail.toString('utf8', 0, length).split('\n');
      return lines.map((line) => line.replace(/[^\t\u0020-\u007e\u00a0-\uffff]/g, '').trimEnd());
    } finally {
      closeSync(file);
    }
  } catch {
    return [];
  }
}
