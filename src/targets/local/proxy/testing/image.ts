import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { imagePlace, type ImageRelease, type Unpacked } from '../../unpacked.ts';
import type { TreeEntry } from '../tree.ts';

/** A service of Node's that answers with its environment, its directory and its arguments. */
const TELLS = `
import { createServer } from 'node:http';
const told = JSON.stringify({ env: process.env, cwd: process.cwd(), argv: process.argv.slice(1) });
createServer((_, answer) => answer.end(told)).listen(process.env.PORT, process.env.HOST);
process.once('SIGTERM', () => process.exit(0));
`;

/** The release of an image. */
export function imageRelease(
  name: string = '1.0.0',
  env: Readonly<Record<string, string>> = {},
): ImageRelease {
  const digest = `sha256:${createHash('sha256').update(name).digest('hex')}`;
  return { name, digest, artifact: { kind: 'image', repository: 'registry.test/shop', env } };
}

/** Puts these files where the release's image has its place among all images, as if it had been unpacked. */
export function unpackedInto(
  images: string,
  { digest }: ImageRelease,
  files: Readonly<Record<string, string>> = { 'app/main.mjs': TELLS },
): Unpacked {
  const place = imagePlace(images, digest);
  const directory = path.join(place, 'rootfs');
  mkdirSync(directory, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.join(directory, path.dirname(name)), { recursive: true });
    writeFileSync(path.join(directory, name), text);
  }
  return recorded({
    kind: 'files',
    image: digest,
    directory,
    record: path.join(place, 'tree.jsonl'),
    treeDigest: '',
    words: ['/usr/local/bin/node', '/app/main.mjs'],
    workingDirectory: '/app',
    env: {},
    appRoot: '/app',
  });
}

/** The image with a record of what is in its directory now. */
export function recorded(image: Unpacked): Unpacked {
  const entries = readdirSync(image.directory, { recursive: true, encoding: 'utf8' });
  const lines = entries.toSorted().map((name) => JSON.stringify(entryOf(image.directory, name)));
  const record = lines.map((line) => `${line}\n`).join('');
  writeFileSync(image.record, record);
  return { ...image, treeDigest: `sha256:${createHash('sha256').update(record).digest('hex')}` };
}

function entryOf(directory: string, name: string): TreeEntry {
  const file = path.join(directory, name);
  const found = lstatSync(file);
  if (found.isSymbolicLink()) return { path: name, type: 'symlink', target: readlinkSync(file) };
  const mode = found.mode & 0o7777;
  if (found.isDirectory()) return { path: name, type: 'directory', mode };
  const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
  return { path: name, type: 'file', mode, size: found.size, sha256 };
}
