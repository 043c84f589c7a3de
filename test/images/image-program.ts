import path from 'node:path';
import type { Program } from '../../podinfo/src/testing/podinfo.ts';

/** An image whose layers were unpacked one over the other, and what its configuration says. */
export interface UnpackedImage {
  /** Directory that stands for `/` of the image. */
  readonly root: string;
  readonly entrypoint: readonly [program: string, ...words: string[]];
  /** `NAME=value`, as in the image's configuration. */
  readonly environment: readonly string[];
}

/** Whether this process may enter an image's root directory, which takes the rights of root. */
export const mayEnterRoot = process.getuid?.() === 0;

/**
 * How an image's program is started as a user that the image does not know: with the image as its root directory where
 * that is allowed, and otherwise with the Node.js at hand and the image's files.
 */
export function programOf({ root, entrypoint, environment }: UnpackedImage, user: number): Program {
  const [node, ...words] = entrypoint;
  const own = Object.fromEntries(
    environment.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  if (mayEnterRoot) {
    const command = ['chroot', `--userspec=${user}:${user}`, root, node, ...words] as const;
    // chroot itself is found by this path, and the image's program is named with its own.
    return { command, environment: { ...own, PATH: process.env['PATH'] ?? '' } };
  }
  const inside = words.map((word) => (word.startsWith('/') ? path.join(root, word) : word));
  return { command: [process.execPath, ...inside], environment: own };
}
