import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';

/**
 * The walls of the project: which room may use which. A room is a folder of src/, or one file at its top. This is a test
 * of our own because it has to read TypeScript as it is, and because it must be seen to fail (below).
 */
const RULES: Readonly<Record<string, readonly RegExp[]>> = {
  'core/': [/^core\//],
  'clock/': [/^core\//, /^clock\//],
  'locks/': [/^locks\//],
  'targets/': [
    /^core\//,
    /^clock\//,
    /^locks\//,
    /^targets\/target\.ts$/,
    /^guards\/guard\.ts$/,
    /^metrics\/metric-source\.ts$/,
  ],
  'metrics/': [/^core\//, /^metrics\//],
  'guards/': [/^core\//, /^guards\//],
  'gates/': [/^core\//, /^clock\/clock\.ts$/, /^gates\//, /^stores\/store\.ts$/, /^supply-chain\//],
  'notaries/': [/^core\//, /^clock\/clock\.ts$/, /^notaries\//, /^supply-chain\//],
  'supply-chain/': [/^core\//, /^clock\/clock\.ts$/, /^locks\//, /^supply-chain\//],
  'stores/': [/^core\//, /^stores\//],
  'engine/': [
    /^core\//,
    /^engine\//,
    /^clock\/clock\.ts$/,
    /^(targets\/target|guards\/guard|metrics\/metric-source|gates\/gate|notaries\/notary|stores\/store)\.ts$/,
  ],
  'config/': [
    /^supply-chain\/error\.ts$/,
    /^core\//,
    /^config\//,
    /^index\.ts$/,
    /^supply-chain\/(oci|policy|verification|attestations)\//,
  ],
  'compose.ts': [/.*/],
  'compose/': [/.*/],
  'version.ts': [],
  'index.ts': [/^config\//, /^core\//],
  'cli/': [
    /^core\//,
    /^cli\//,
    /^config\//,
    /^compose\.ts$/,
    /^version\.ts$/,
    /^clock\//,
    /^locks\//,
    /^engine\//,
    /^stores\/(store|chain)\.ts$/,
    /^supply-chain\//,
  ],
};

/** Adapters know their own folder and no other adapter's. */
const ADAPTERS = ['targets', 'metrics', 'stores'];

/** Who may do what is kept out of the rest. */
const ONLY_HERE: readonly { readonly what: string; readonly pattern: RegExp; readonly allowed: RegExp }[] = [
  {
    what: 'read the clock',
    pattern: /\b(Date\.now|performance\.now|new Date\(\)|hrtime)\b/,
    allowed: /^(clock\/|targets\/local\/http\/)/,
  },
  {
    what: 'read the environment',
    pattern: /\bprocess\.env\b/,
    allowed: /^(cli\/|targets\/local\/proxy\/process\.ts$)/,
  },
  { what: 'draw chance', pattern: /\bMath\.random\b/, allowed: /^$/ },
  {
    what: 'print',
    pattern: /\bconsole\.|process\.std(out|err)\b/,
    allowed: /^(cli\/|targets\/local\/proxy\/main\.ts$)/,
  },
];

interface Source {
  /** Path from src/. */
  readonly file: string;
  readonly text: string;
}

/** Every wall that the sources break, one sentence each. */
function brokenWalls(sources: readonly Source[]): readonly string[] {
  return sources.flatMap((source) => [...badImports(source), ...badDeeds(source)]);
}

function badImports({ file, text }: Source): readonly string[] {
  const rule = Object.entries(RULES).find(([room]) =>
    room.endsWith('/') ? file.startsWith(room) : file === room,
  );
  if (rule === undefined) return [`${file} is in no room`];
  return importsOf(file, text).flatMap((imported) => {
    if (imported.startsWith(adapterOf(file) ?? '\0')) return [];
    const isAllowed = rule[1].some((pattern) => pattern.test(imported));
    return isAllowed ? [] : [`${file} may not use ${imported}`];
  });
}

/** The folder of the adapter that the file belongs to, such as `targets/local/`. */
function adapterOf(file: string): string | null {
  const [port = '', adapter = '', rest] = file.split('/');
  return ADAPTERS.includes(port) && rest !== undefined ? `${port}/${adapter}/` : null;
}

function importsOf(file: string, text: string): readonly string[] {
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(
    (match) => match[1] ?? '',
  );
  return specifiers.map((specifier) =>
    path.posix.normalize(path.posix.join(path.posix.dirname(file), specifier)),
  );
}

function badDeeds({ file, text }: Source): readonly string[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
  return ONLY_HERE.filter(({ pattern, allowed }) => !allowed.test(file) && pattern.test(code)).map(
    ({ what }) => `${file} may not ${what}`,
  );
}

const SRC = path.join(import.meta.dirname, '../src');

function readSources(): readonly Source[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.includes('/testing/'))
    .map((file) => ({ file, text: readFileSync(path.join(SRC, file), 'utf8') }));
}

describe('the architecture', () => {
  it('keeps its walls', () => {
    const sources = readSources();
    assert.ok(sources.length > 50, 'the sources were found');
    assert.deepEqual(brokenWalls(sources), []);
  });

  it('has a test that fails when a wall is broken', () => {
    const broken = [
      { file: 'core/decide.ts', text: "import { read } from '../engine/reading.ts';" },
      { file: 'core/decide.ts', text: 'const now = Date.now();' },
      { file: 'targets/ecs/site.ts', text: "import { launch } from '../local/launch.ts';" },
      { file: 'engine/host.ts', text: "import { openSqliteStore } from '../stores/sqlite/sqlite-store.ts';" },
      { file: 'stores/sqlite/database.ts', text: "const load = () => import('../../cli/main.ts');" },
      { file: 'helpers/strings.ts', text: '' },
      { file: 'engine/act.ts', text: 'const home = process.env.HOME;' },
    ];
    for (const source of broken) assert.equal(brokenWalls([source]).length, 1, source.text);
  });

  it('lets an adapter use its own folder, the core and its port', () => {
    const text =
      "import { a } from './a.ts'; import { b } from '../target.ts'; import { c } from '../../core/traffic.ts';";
    assert.deepEqual(brokenWalls([{ file: 'targets/local/site.ts', text }]), []);
  });
});
