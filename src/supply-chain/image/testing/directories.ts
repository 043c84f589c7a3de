import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';

/** A directory that is gone after the test. */
export function temporaryDirectory(test: TestContext): string {
  const directory = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'canary-image-')));
  test.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** What is in a directory, by path: text for a file, and where a link leads. */
export type Files = Readonly<Record<string, string | { readonly link: string }>>;

/** Writes files, and the directories for them. Returns the directory. */
export function writeFiles(directory: string, files: Files): string {
  for (const [file, content] of Object.entries(files)) {
    const place = path.join(directory, file);
    mkdirSync(path.dirname(place), { recursive: true });
    if (typeof content === 'string') writeFileSync(place, content);
    else symlinkSync(content.link, place);
  }
  return directory;
}

/** A small service without dependencies. */
export const SERVICE: Files = {
  'package.json': JSON.stringify({ name: 'shop', version: '1.0.0', scripts: { start: 'node src/main.js' } }),
  'src/main.js': 'console.log("at your service");\n',
  'src/prices.js': 'export const price = 12;\n',
};
