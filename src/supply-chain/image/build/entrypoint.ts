import path from 'node:path';
import { SupplyChainError } from '../../error.ts';

/** Where a base usually has Node.js, and where it is put. */
export const NODE = 'usr/local/bin/node';

export interface EntrypointOptions {
  /** As one would type it in the directory of the service: `['node', '--enable-source-maps', 'src/main.ts']`. */
  readonly words: readonly string[] | null;
  /** Where Node.js is in the image. Absolute. */
  readonly node: string;
  /** Directory of the service in the image. Absolute. */
  readonly app: string;
  /** Whether the image has that file of the service. */
  readonly has: (file: string) => boolean;
}

/** What needs a shell is not understood, and there need not be one in an image. */
const NEEDS_SHELL = /[|&;<>()$`"'*?~=]/;

/** The entry point of an image, by absolute paths. Throws `UNBUILDABLE`. */
export function entrypointOf({ words, node, app, has }: EntrypointOptions): readonly string[] {
  const [program, ...rest] = words ?? [];
  if (words === null || program === undefined) {
    throw unbuildable(
      'nothing says how the service is started: package.json has no start script, no bin and no main',
    );
  }
  const isNode = program === 'node';
  const index = isNode ? rest.findIndex((word) => !word.startsWith('-')) : 0;
  const script = isNode ? rest[index] : program;
  if (script === undefined || words.some((word) => NEEDS_SHELL.test(word) && !word.startsWith('-'))) {
    throw unbuildable(`"${words.join(' ')}" is not a program with a file of the service`);
  }
  if (path.posix.isAbsolute(script)) return isNode ? [node, ...rest] : words;
  const file = path.posix.normalize(script);
  if (!has(file)) {
    throw unbuildable(`the service is started with ${script}, which does not go into the image`);
  }
  const placed = `${app}/${file}`;
  return isNode ? [node, ...rest.with(index, placed)] : [placed, ...rest];
}

function unbuildable(detail: string): SupplyChainError {
  return new SupplyChainError(
    'UNBUILDABLE',
    `${detail}; say how it is started, such as with --entrypoint "node src/main.js"`,
  );
}
