import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const ROOT = path.join(import.meta.dirname, '..');

/** A text for people: its path from the root of the project, and what it says. */
export interface Document {
  readonly file: string;
  readonly text: string;
}

/** All texts of the project, but for those that are made from the code. */
export function documents(): readonly Document[] {
  return globSync(['*.md', '{docs,bench,podinfo}/**/*.md'], { cwd: ROOT, exclude: ['**/node_modules/**'] })
    .toSorted()
    .map((file) => ({ file, text: readFileSync(path.join(ROOT, file), 'utf8') }));
}

/** What links of a text lead to, as they are written. Addresses of the web are left out. */
export function linksIn({ text }: Document): readonly string[] {
  const links = withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g);
  return [...links].flatMap(([, target]) =>
    target === undefined || /^[a-z]+:/.test(target) ? [] : [target],
  );
}

/** The names by which links lead to the headings of a text, as GitHub makes them. */
export function anchorsOf({ text }: Document): readonly string[] {
  return [...withoutCode(text).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** The lines that a text tells people to type, without prompt and comment: those of its blocks of commands. */
export function commandsIn(text: string): readonly string[] {
  const blocks = [...text.matchAll(/^```(?:console|sh|yaml)\n([^]*?)^```$/gm)].map(([, block = '']) => block);
  return blocks.flatMap((block) => block.split('\n')).flatMap(commandIn);
}

/** What is typed in a line, if that is an order to canary. */
function commandIn(line: string): readonly string[] {
  const typed = /^(?:\$ |- run: |\s+)?(?:npx (?:--no-install )?)?(canary .*)$/.exec(line)?.[1];
  return typed === undefined
    ? []
    : [
        typed
          .replace(/\s+#.*$/, '')
          .replace(/;? {2,}.*$/, '')
          .trim(),
      ];
}

/** What is called a command of canary in running text: between backticks. */
export function mentionsIn(text: string): readonly string[] {
  return [...text.matchAll(/`(canary [a-z]+(?: [^`\\\n]*)?)\\?`/g)].map(([, mention = '']) => mention);
}

/** Whole configurations in TypeScript, as the object that they are. */
export function configurationsIn(text: string): readonly string[] {
  const blocks = text.matchAll(/^```ts\n(?:import .*\n+)?export default defineConfig\(([^]*?)\);?\n```$/gm);
  return [...blocks].map(([, config = '']) => config);
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```[^]*?^```$/gm, '');
}
