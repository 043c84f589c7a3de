import { existsSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Unpacked } from '../unpacked.ts';
import { canRun } from './executable.ts';

/** What is started, with all of its environment. */
export interface Program {
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  /** Absolute path. */
  readonly cwd: string;
}

/** An image that cannot be run as a process of this machine, or may not. */
export class ImageRefused extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ImageRefused';
  }
}

/** An image whose files are not here, or were changed: nothing of it is started until they were brought anew. */
export class ImageDamaged extends ImageRefused {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ImageDamaged';
  }
}

/** The machine that it is to run on. */
export interface Machine {
  /** Absolute path of the Node that runs programs for Node. */
  readonly node: string;
  readonly platform: string;
  readonly architecture: string;
}

/** Variables of an image that say where its own programs and libraries are: here they are elsewhere. */
const OF_ITS_ROOT = ['PATH', 'LD_PRELOAD', 'LD_LIBRARY_PATH', 'HOME', 'TMPDIR'];
/** What canary tells every process. An image that listens on all addresses in a container shall not do so here. */
const CANARYS = ['HOST', 'PORT', 'CANARY_RELEASE', 'CANARY_DIGEST'];
const NOT_TAKEN = new Set([...OF_ITS_ROOT, ...CANARYS]);

/**
 * How an unpacked image is run as a process of this machine: Node is this machine's, other programs are the image's own if
 * they need nothing else of it. Throws `ImageRefused`.
 */
export async function programOf(image: Unpacked, machine: Machine): Promise<Program> {
  const [first, ...rest] = image.words;
  if (first === undefined)
    throw new ImageRefused('the image names no program: it has neither an entrypoint nor a command');
  const words = rest.map((word) => mapped(image, word));
  const files = words.filter((word, index) => word !== rest[index]);
  for (const file of files) if (existsSync(file)) await mustBeInside(image, file);
  const isNode = path.posix.basename(first) === 'node';
  const command = isNode ? machine.node : await ownProgram(image, first, machine);
  const cwd = inTree(image, image.workingDirectory);
  await mustBeInside(image, cwd);
  return { command: [command, ...words], env: environmentOf(image, machine), cwd };
}

/** The image's variables, with a search path of this machine in place of its own. */
function environmentOf(image: Unpacked, { node }: Machine): Readonly<Record<string, string>> {
  const own = Object.entries(image.env).filter(([name]) => !NOT_TAKEN.has(name));
  return {
    ...Object.fromEntries(own.map(([name, value]) => [name, mapped(image, value)])),
    PATH: `${path.dirname(node)}:/usr/bin:/bin`,
  };
}

/** A path below the application's root is a file of the image, and is found in the directory; all else is left alone. */
function mapped(image: Unpacked, word: string): string {
  const plain = path.posix.normalize(word);
  const root = path.posix.normalize(image.appRoot).replace(/\/$/, '');
  const isBelow = root !== '' && (plain === root || plain.startsWith(`${root}/`));
  return isBelow ? inTree(image, plain) : word;
}

function inTree({ directory }: Unpacked, inside: string): string {
  return path.join(directory, path.posix.resolve('/', inside));
}

/** A link in the image leads to a file of the image, or the program would be another one. */
async function mustBeInside(image: Unpacked, file: string): Promise<void> {
  const root = await realpath(image.directory);
  const real = await realpath(file).catch((cause: unknown) => {
    throw new ImageRefused(`${path.relative(image.directory, file)} is not in the image`, { cause });
  });
  if (real !== root && !real.startsWith(`${root}${path.sep}`))
    throw new ImageRefused(`${path.relative(image.directory, file)} leads out of the image`);
}

async function ownProgram(image: Unpacked, word: string, machine: Machine): Promise<string> {
  const file = await findProgram(image, word);
  await mustBeInside(image, file);
  const found = await canRun(file, machine.platform, machine.architecture);
  if (found.kind === 'runs') return file;
  throw new ImageRefused(
    `${word} cannot be run as a process of this machine: ${found.why}; start Node from the image, or a program that is linked statically`,
  );
}

/** The program as the image finds it: by its path, or by its name in the directories of its search path. */
async function findProgram(image: Unpacked, word: string): Promise<string> {
  const { env, workingDirectory } = image;
  const places = word.includes('/')
    ? [path.posix.resolve('/', workingDirectory, word)]
    : (env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin')
        .split(':')
        .map((place) => path.posix.resolve('/', place, word));
  for (const place of places) {
    const file = inTree(image, place);
    if (await isFile(file)) return file;
  }
  throw new ImageRefused(`${word} is not in the image`);
}

async function isFile(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
