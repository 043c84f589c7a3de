import { execFile } from 'node:child_process';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Milliseconds } from '../../../../core/time.ts';
import { ImageRefused } from '../program.ts';
import type { Words } from './command-lines.ts';

export interface CallOptions {
  readonly cwd?: string;
  /** What it reads from its standard input. */
  readonly input?: AsyncIterable<Uint8Array>;
  /** Without it, as long as calls that look and remove may take. */
  readonly timeout?: Milliseconds;
}

const ANSWERS_WITHIN: Milliseconds = 30_000;

/** The engine was asked, and ended with something else than 0. */
export class EngineError extends Error {
  /** What it ended with; null if a signal ended it. */
  readonly code: number | null;

  constructor(code: number | null, message: string, options: ErrorOptions) {
    super(message, options);
    this.name = 'EngineError';
    this.code = code;
  }
}

/** Has the engine do something, and gives what it says. Rejects with `ImageRefused` when there is no engine. */
export function call(
  [program, ...words]: Words,
  { cwd, input, timeout = ANSWERS_WITHIN }: CallOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    let broken: unknown = null;
    const child = execFile(
      program,
      words,
      { cwd, timeout, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        if (broken !== null) reject(broken);
        else if (error === null) resolve(stdout);
        else if (error.code === 'ENOENT') reject(noEngine(program, error));
        else reject(failure([program, ...words], error, stderr));
      },
    );
    if (input === undefined || child.stdin === null) return;
    feed(input, child.stdin).catch((error: unknown) => {
      broken = error;
      child.kill('SIGKILL');
    });
  });
}

/** Rejects when what is to be read fails. That nobody reads it any more is for the reader to explain. */
async function feed(input: AsyncIterable<Uint8Array>, reader: Writable): Promise<void> {
  let broken: unknown = null;
  const watched = async function* () {
    try {
      yield* input;
    } catch (error) {
      broken = error;
      throw error;
    }
  };
  await pipeline(watched, reader).catch(() => {});
  if (broken !== null) throw broken;
}

/** For failures that are those of something that is not there, or that is needed: it need not be done, or must not. */
export function isNoMatter(error: unknown): void {
  if (!(error instanceof EngineError)) throw error;
}

function noEngine(program: string, cause: Error): ImageRefused {
  const remedy = 'install it, or have images run as processes (`run: { in: process }`)';
  return new ImageRefused(`${program}, which runs containers, was not found: ${remedy}`, { cause });
}

function failure(words: Words, cause: Error & { code?: unknown }, stderr: string): EngineError {
  const code = typeof cause.code === 'number' ? cause.code : null;
  const how = code === null ? 'did not end in time' : `ended with ${code}`;
  return new EngineError(code, `\`${words.join(' ')}\` ${how}: ${stderr.trim().slice(-500)}`, { cause });
}
