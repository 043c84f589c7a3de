import { execFile } from 'node:child_process';
import { devNull } from 'node:os';
import { promisify } from 'node:util';

/** Where git is asked, and what is known of where programs are. */
export interface GitPlace {
  readonly directory: string;
  /** Of this only what it takes to find and start a program is handed on. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
}

const HANDED_ON = ['PATH', 'Path', 'SystemRoot', 'TEMP', 'TMP'];

/**
 * A repository may have been fetched from anywhere, and its configuration can name programs to run. Nothing of that is
 * asked for here, and what could be asked for in passing is switched off: hooks, monitors of the file system, pagers,
 * fetching of what is missing. Configuration outside of the repository is not read, nor is another object taken for the
 * one that is named.
 */
const CAREFULLY = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: devNull,
  GIT_CONFIG_SYSTEM: devNull,
  GIT_ALLOW_PROTOCOL: 'none',
  GIT_NO_LAZY_FETCH: '1',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_TERMINAL_PROMPT: '0',
  LC_ALL: 'C',
} as const;

const OPTIONS = ['--no-pager', '-c', 'core.fsmonitor=false', '-c', `core.hooksPath=${devNull}`] as const;

const LONGEST = 20_000;
const LARGEST_ANSWER = 256 * 1024 * 1024;

/**
 * What git answers; null when it has no answer, is not there, or takes longer than 20 s. Rejects when the signal is
 * aborted.
 */
export async function runGit(
  { directory, environment, signal }: GitPlace,
  args: readonly string[],
  input = '',
): Promise<string | null> {
  const handedOn = HANDED_ON.flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  try {
    const running = promisify(execFile)('git', [...OPTIONS, ...args], {
      cwd: directory,
      env: { ...Object.fromEntries(handedOn), ...CAREFULLY },
      timeout: LONGEST,
      killSignal: 'SIGKILL',
      maxBuffer: LARGEST_ANSWER,
      encoding: 'utf8',
      windowsHide: true,
      ...(signal === undefined ? {} : { signal }),
    });
    // One that does not read is judged by what it answers.
    running.child.stdin?.on('error', () => undefined);
    running.child.stdin?.end(input);
    return (await running).stdout;
  } catch {
    signal?.throwIfAborted();
    return null;
  }
}
