import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { release, traffic, fence } from '../../messages.ts';
import { runSettings } from '../../settings.ts';
import { localImage } from '../../unpacked.ts';

/** All that a proxy needs to go on where another one was killed. */
const proxyState = z.object({
  version: z.literal(1),
  traffic,
  fence: fence.nullable(),
  guard: z.object({ home: traffic, deadline: z.number() }).nullable(),
  guardFiredAt: z.number().nullable(),
  /** When it was written down, by the proxy's clock; null if nothing says so. */
  writtenAt: z.number().nullable().default(null),
  /** A change of address that waits for a release to become stable. */
  move: z
    .object({ from: z.object({ host: z.string(), port: z.int() }), digest: z.string() })
    .nullable()
    .default(null),
  /** Images on this machine, of releases that are kept or take traffic. */
  images: z.array(z.object({ digest: z.string(), image: localImage })).default([]),
  kept: z.array(
    z.object({
      release,
      run: runSettings,
      until: z.number().nullable(),
      instances: z
        .array(
          z
            .object({
              identity: z.object({ pid: z.int(), birth: z.string() }),
              port: z.int(),
              isUp: z.boolean().default(false),
            })
            .nullable(),
        )
        .readonly(),
    }),
  ),
});

export type ProxyState = z.infer<typeof proxyState>;

/** What a proxy begins with when there was none before. */
const NOTHING: ProxyState = {
  version: 1,
  traffic: { stable: null, candidate: null, weight: 0 },
  fence: null,
  guard: null,
  guardFiredAt: null,
  writtenAt: null,
  move: null,
  images: [],
  kept: [],
};

/** Reads the state; a file that does not exist stands for nothing, and one that makes no sense is an error. */
export function readState(file: string): ProxyState {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return NOTHING;
    throw error;
  }
  try {
    return proxyState.parse(JSON.parse(text));
  } catch (error) {
    throw new Error(`${file} is damaged: move it away to begin anew, after stopping what is left running`, {
      cause: error,
    });
  }
}

/**
 * Replaces the state as a whole, so that whoever reads it never sees half of it. When it returns, the state is on the
 * disk: also after a loss of power it is the one that was confirmed, and not an empty file.
 */
export function writeState(file: string, state: ProxyState): void {
  const directory = path.dirname(file);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, JSON.stringify(state), { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
  flush(directory);
}

/** Brings the names in a directory to the disk: which file has which is written down there, not in the file. */
function flush(directory: string): void {
  const opened = openSync(directory, 'r');
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}
