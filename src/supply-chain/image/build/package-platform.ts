import type { Platform } from '../platform.ts';
import type { LockEntry } from './lock-file.ts';

/** How npm calls the processor of a platform. */
export function cpuOf(platform: Platform): 'x64' | 'arm64' {
  return platform === 'linux/amd64' ? 'x64' : 'arm64';
}

/** Whether a package says that it runs there. Images with Node.js have the GNU C library. */
export function runsOn({ os, cpu, libc }: LockEntry, platform: Platform): boolean {
  return allows(os, 'linux') && allows(cpu, cpuOf(platform)) && allows(libc, 'glibc');
}

/** As npm reads such lists: all of them, or all but those with `!`. */
function allows(list: readonly string[] | undefined, value: string): boolean {
  if (list === undefined || list.length === 0 || list.includes('any')) return true;
  if (list.includes(`!${value}`)) return false;
  return list.includes(value) || list.every((each) => each.startsWith('!'));
}
