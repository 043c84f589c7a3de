import { execFile, spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const PATIENCE_MS = 60_000;

/** Why a test with these tools cannot be run here; false when it can. */
export function without(...tools: readonly string[]): string | false {
  const missing = tools.filter((tool) => !isThere(tool));
  if (missing.length === 0) return false;
  return `${missing.join(' and ')} missing: scripts/interop-tools.sh installs what these tests need`;
}

function isThere(tool: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((directory) => {
    try {
      accessSync(path.join(directory, tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Runs a tool to its end, with the directory as its home; returns its standard output. The words of the line are told
 * apart by white space only. Rejects with what the tool said when it fails.
 */
export async function use(directory: string, line: string): Promise<string> {
  const [tool = '', ...args] = line.trim().split(/\s+/);
  const { stdout } = await execute(tool, args, {
    cwd: directory,
    timeout: PATIENCE_MS,
    env: { PATH: process.env['PATH'], HOME: directory, COSIGN_PASSWORD: '', XDG_RUNTIME_DIR: directory },
  });
  return stdout;
}

/** A directory that goes with the test. */
export function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-interop-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Debian's `docker-registry`, of which 2.8 has no referrers API, on a free port; returns `127.0.0.1:port`. */
export async function debianRegistry(t: TestContext): Promise<string> {
  const directory = temporaryDirectory(t);
  const config = path.join(directory, 'config.yml');
  writeFileSync(
    config,
    `version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: ${directory}/data\nhttp:\n  addr: 127.0.0.1:0\n`,
  );
  const child = spawn('docker-registry', ['serve', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  for await (const line of createInterface(child.stderr)) {
    const address = /listening on (127\.0\.0\.1:\d+)/.exec(line)?.[1];
    if (address === undefined) continue;
    child.stderr.resume();
    return address;
  }
  throw new Error('docker-registry ended before it listened');
}
