import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * In which run of the machine and when in it the process began, in the words of the operating system; null if there is
 * none or it is a zombie. Throws when that cannot be found out: then nothing is known.
 */
export function birthOf(pid: number): string | null {
  try {
    const time = process.platform === 'linux' ? timeOnLinux(pid) : timeElsewhere(pid);
    return time === null ? null : `${thisRun()} ${time}`;
  } catch (error) {
    if (isAbsence(error)) return null;
    throw error;
  }
}

/** Whether the birth was in this run of the machine: before it, every process had another pid. */
export function isOfThisRun(birth: string): boolean {
  return birth.startsWith(`${thisRun()} `);
}

let run: string | null = null;

/** What the operating system calls the time since the machine was started. */
function thisRun(): string {
  run ??=
    process.platform === 'linux'
      ? readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
      : execFileSync('sysctl', ['-n', 'kern.bootsessionuuid'], { encoding: 'utf8' }).trim();
  return run;
}

function timeOnLinux(pid: number): string | null {
  // The command may hold spaces and brackets, so fields are counted from its closing bracket: state is the first, start
  // time the twentieth of them (proc_pid_stat(5), fields 3 and 22).
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
  return fields[0] === 'Z' ? null : (fields[19] ?? null);
}

function timeElsewhere(pid: number): string | null {
  const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  return line === '' || line.startsWith('Z') ? null : line.replace(/^\S+\s+/, '');
}

/** No file, or a process that ended while it was read; `ps` ends with 1 when it finds nothing. */
function isAbsence(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
    return process.platform === 'linux';
  return 'status' in error && error.status === 1;
}
