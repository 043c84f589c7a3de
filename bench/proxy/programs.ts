import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Whether the program is there, or could be installed with apt-get, if that is wanted. */
export function isInstalled(program: string, mayInstall: boolean): boolean {
  const isThere = () => spawnSync('which', [program]).status === 0;
  if (isThere()) return true;
  if (!mayInstall || process.getuid?.() !== 0) return false;
  spawnSync('apt-get', ['update'], { stdio: 'inherit' });
  spawnSync('apt-get', ['install', '--yes', '--no-install-recommends', program], { stdio: 'inherit' });
  return isThere();
}

/** Runs a program to its end; resolves to what it printed. */
export async function output(words: readonly string[]): Promise<string> {
  const [program = '', ...rest] = words;
  const { stdout } = await run(program, rest);
  return stdout;
}

/** With two processors, what is measured gets the first one for itself; everything else goes to the second. */
const CAN_PIN = os.availableParallelism() >= 2 && spawnSync('which', ['taskset']).status === 0;

/** The words that start the program on a processor of its own, as far as that can be had. */
export function pinned(role: 'measured' | 'other', words: readonly string[]): readonly string[] {
  return CAN_PIN ? ['taskset', '--cpu-list', role === 'measured' ? '0' : '1', ...words] : words;
}

/** Moves a running process, with all its threads, to the processor of what is measured. */
export function pin(pid: number): void {
  if (CAN_PIN) spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', '0', String(pid)]);
}

const TICKS_PER_SECOND = Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout);

/** Seconds of processor time that a process has used so far, with all its threads: user and system (proc(5)). */
export function processorSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field, the name, is in parentheses and may hold anything. `utime` and `stime` are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** The pids of a process and its children. */
export function withChildren(pid: number): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return [pid, ...(children === '' ? [] : children.split(' ').map(Number))];
}
