import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';

/** What a program said, and how it ended. */
export interface Said {
  readonly code: number;
  readonly output: string;
}

const execute = promisify(execFile);
const PATIENCE_MS = 60_000;

/** Why a program cannot be used here, as the `skip` of a test; false if it can. */
export function missing(program: string, args: readonly string[], what = program): string | false {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return false;
  } catch {
    return `${what} is not installed`;
  }
}

/** Runs a program to its end. It finds nothing of this user's, as its home is the directory. */
export async function say(program: string, args: readonly string[], cwd: string): Promise<Said> {
  const env = { PATH: process.env['PATH'], HOME: cwd, COSIGN_PASSWORD: '' };
  try {
    const { stdout, stderr } = await execute(program, [...args], { cwd, env, timeout: PATIENCE_MS });
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = Object(error);
    return { code: typeof code === 'number' ? code : -1, output: `${stdout}${stderr}` };
  }
}
