import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { runInNewContext } from 'node:vm';
import { COMMANDS } from '../src/cli/commands/index.ts';
import { CONFIG, JSON_OUTPUT } from '../src/cli/options.ts';
import { checkConfig } from '../src/config/load.ts';
import {
  anchorsOf,
  commandsIn,
  configurationsIn,
  documents,
  linksIn,
  mentionsIn,
  ROOT,
} from './documents.ts';

const DOCUMENTS = documents();

/** What is wrong with a link; null if it leads somewhere. */
function linkTrouble(from: string, link: string): string | null {
  const [place = '', anchor] = link.split('#');
  const file = place === '' ? from : path.normalize(path.join(path.dirname(from), place));
  if (!existsSync(path.join(ROOT, file))) return `${link} leads nowhere`;
  const there = DOCUMENTS.find((document) => document.file === file);
  if (anchor === undefined || there === undefined || anchorsOf(there).includes(anchor)) return null;
  return `${link}: there is no such heading`;
}

/** What is wrong with a command as somebody would type it; null if canary takes its name and options. */
function commandTrouble(line: string): string | null {
  const [, name = '', ...words] = line.split(/\s+/);
  const spec = COMMANDS.find((command) => command.name === name);
  if (spec === undefined) return name.startsWith('-') ? null : `there is no command "${name}"`;
  const known = [...(spec.options ?? []), CONFIG, JSON_OUTPUT].flatMap(
    ({ flags }) => flags.match(/--?[a-z][a-z0-9-]*/g) ?? [],
  );
  const strange = words.filter((word) => /^--?[a-z]/.test(word)).find((word) => !known.includes(word));
  return strange === undefined ? null : `canary ${name} has no option ${strange}`;
}

describe('the documents', () => {
  for (const document of DOCUMENTS) {
    it(`lead somewhere, and name commands that there are: ${document.file}`, () => {
      const links = linksIn(document).map((link) => linkTrouble(document.file, link));
      const commands = [...commandsIn(document.text), ...mentionsIn(document.text)].map(commandTrouble);
      assert.deepEqual(
        [...links, ...commands].filter((trouble) => trouble !== null),
        [],
      );
    });
  }

  it('would be found out if they led nowhere, or named what there is not', () => {
    assert.match(linkTrouble('README.md', 'docs/nowhere.md') ?? '', /leads nowhere/);
    assert.match(linkTrouble('README.md', 'docs/targets/local.md#nowhere') ?? '', /no such heading/);
    assert.match(commandTrouble('canary delpoy --release 1') ?? '', /no command "delpoy"/);
    assert.match(commandTrouble('canary deploy --relase 1') ?? '', /no option --relase/);
    assert.deepEqual(commandsIn('```console\n$ npx canary down    # stops it;  canary up  starts it\n```'), [
      'canary down',
    ]);
    assert.deepEqual(mentionsIn('say `canary promote`'), ['canary promote']);
  });
});

describe('configurations in the documents', () => {
  const whole = DOCUMENTS.flatMap(({ file, text }) =>
    configurationsIn(text).map((config) => ({ file, config })),
  );

  it('are taken as they stand', () => {
    assert.notEqual(whole.length, 0);
    for (const { file, config } of whole) checkConfig(runInNewContext(`(${config})`), file);
  });
});

describe('what canary says', () => {
  it('names commands and options that there are', () => {
    const sources = globSync('{src,podinfo/src}/**/*.ts', { cwd: ROOT, exclude: ['**/*.test.ts'] });
    const troubles = sources.flatMap((file) =>
      mentionsIn(readFileSync(path.join(ROOT, file), 'utf8'))
        .map(commandTrouble)
        .flatMap((trouble) => (trouble === null ? [] : [`${file}: ${trouble}`])),
    );
    assert.deepEqual(troubles, []);
  });
});
