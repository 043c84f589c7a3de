import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Milliseconds } from '../../../../core/time.ts';
import { ImageDamaged, ImageRefused } from '../program.ts';
import {
  type Berth,
  containerName,
  hasImageCommand,
  imageName,
  inspectCommand,
  listCommand,
  pullCommand,
  removeCommand,
  removeImageCommand,
  tagCommand,
  untagCommand,
  type Words,
} from './command-lines.ts';

/** What the engine knows of a container. */
export interface SeenContainer {
  /** Digest of its image's manifest; of one of them, if the store got the same image with several. */
  readonly manifest: string;
  /** Digest of its image's configuration. */
  readonly config: string;
  readonly isRunning: boolean;
}

/** Of calls that look and remove; one that pulls has longer. */
const ANSWERS_WITHIN: Milliseconds = 30_000;
const PULLS_WITHIN: Milliseconds = 600_000;

/** Puts the image of that digest into the engine's store, from the directory that has its layout, unless it is there. */
export async function loadImage(berth: Berth, digest: string, directory: string): Promise<void> {
  if (await hasImage(berth, digest)) return;
  if (!existsSync(directory)) throw new ImageDamaged(`its image is not in ${directory} any more`);
  const said = await call(pullCommand(berth), { cwd: directory, timeout: PULLS_WITHIN });
  const image = said.trim().split('\n').at(-1) ?? '';
  await call(tagCommand(berth, image, digest));
  await call(untagCommand(berth, image)).catch(isNoMatter);
  if (await hasImage(berth, digest)) return;
  throw new ImageRefused(
    `${berth.settings.engine} pulled ${image}, which is not ${imageName(berth, digest)}`,
  );
}

/** Lets the store do without the image, unless a container or another name needs it. */
export async function unloadImage(berth: Berth, digest: string): Promise<void> {
  await call(removeImageCommand(berth, digest)).catch(isNoMatter);
}

/** Ends and removes the containers, if they are there. */
export async function removeContainers(berth: Berth, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  // Where program and monitor were killed both, podman finds out on the first try, and removes on the second.
  const command = removeCommand(berth, names);
  await call(command).catch(() => call(command));
}

/** What the engine says of the container; null if it knows of none by that name. */
export async function seeContainer(berth: Berth, name: string): Promise<SeenContainer | null> {
  try {
    const said = (await call(inspectCommand(berth, name))).trim();
    const [manifest = '', config = '', running, pid] = said.split(' ');
    return {
      manifest,
      config: config.replace(/^(?!sha256:)/, 'sha256:'),
      isRunning: running === 'true' && isThere(Number(pid)),
    };
  } catch (error) {
    if (error instanceof EngineError && /no such container/i.test(error.message)) return null;
    throw error;
  }
}

/** Removes the containers of the target that are not at one of these places: whoever started them was killed at once. */
export async function removeStrangers(
  berth: Berth,
  known: readonly { readonly digest: string; readonly port: number }[],
): Promise<void> {
  const names = new Set(known.map(({ digest, port }) => containerName(berth, digest, port)));
  const found = (await call(listCommand(berth))).split('\n').filter((name) => name !== '');
  await removeContainers(
    berth,
    found.filter((name) => !names.has(name)),
  );
}

/** Whether there is a process of that number: without its monitor, the engine does not notice that a container ended. */
function isThere(pid: number): boolean {
  return Number.isInteger(pid) && pid > 0 && existsSync(`/proc/${pid}`);
}

async function hasImage(berth: Berth, digest: string): Promise<boolean> {
  try {
    await call(hasImageCommand(berth, digest));
    return true;
  } catch (error) {
    if (error instanceof EngineError && error.code === 1) return false;
    throw error;
  }
}

/** The engine was asked, and ended with something else than 0. */
class EngineError extends Error {
  /** What it ended with; null if a signal ended it. */
  readonly code: number | null;

  constructor(code: number | null, message: string, options: ErrorOptions) {
    super(message, options);
    this.name = 'EngineError';
    this.code = code;
  }
}

/** Has the engine do something, and gives what it says. Rejects with `ImageRefused` when there is no engine. */
function call(
  [program, ...words]: Words,
  { cwd, timeout = ANSWERS_WITHIN }: { readonly cwd?: string; readonly timeout?: Milliseconds } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, words, { cwd, timeout, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (error.code === 'ENOENT') reject(noEngine(program, error));
      else reject(failure([program, ...words], error, stderr));
    });
  });
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

/** What is not there need not be taken away, and what is needed stays. */
function isNoMatter(error: unknown): void {
  if (!(error instanceof EngineError)) throw error;
}
