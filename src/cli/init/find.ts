import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

/** What could be found out about the service in a directory. */
export interface Findings {
  readonly service: string;
  /** How it is started; null if nothing says. */
  readonly command: string | null;
  /** Where the command was found, for people. */
  readonly source: string | null;
  /** Path of a health check that the code seems to serve; null if none was seen. */
  readonly health: string | null;
}

/** Looks at what the directory holds: package.json, a Procfile, the usual entry points of other languages. */
export function findService(directory: string): Findings {
  const { name, start } = readPackage(directory);
  const found = start ?? readProcfile(directory) ?? entryPoint(directory);
  return {
    service: serviceName(name ?? path.basename(directory)),
    command: found?.command ?? null,
    source: found?.source ?? null,
    health: findHealthPath(directory),
  };
}

interface Start {
  readonly command: string;
  readonly source: string;
}

const packageJson = z.object({
  name: z.string().optional(),
  scripts: z.record(z.string(), z.string()).optional(),
  main: z.string().optional(),
});

function readPackage(directory: string): { readonly name: string | null; readonly start: Start | null } {
  const file = path.join(directory, 'package.json');
  if (!existsSync(file)) return { name: null, start: null };
  const parsed = packageJson.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!parsed.success) return { name: null, start: null };
  const { name = null, scripts, main } = parsed.data;
  if (scripts?.['start'] !== undefined)
    return { name, start: { command: scripts['start'], source: 'the start script of package.json' } };
  return {
    name,
    start: main === undefined ? null : { command: `node ${main}`, source: '"main" of package.json' },
  };
}

function readProcfile(directory: string): Start | null {
  const file = path.join(directory, 'Procfile');
  if (!existsSync(file)) return null;
  const command = /^web:\s*(.+)$/m.exec(readFileSync(file, 'utf8'))?.[1];
  return command === undefined ? null : { command: command.trim(), source: 'the Procfile' };
}

/** Files that stand for a way to start, the likeliest first. */
const ENTRY_POINTS: readonly (readonly [string, string])[] = [
  ['server.ts', 'node server.ts'],
  ['server.js', 'node server.js'],
  ['server.mjs', 'node server.mjs'],
  ['index.js', 'node index.js'],
  ['app.py', 'python3 app.py'],
  ['main.py', 'python3 main.py'],
  ['server.py', 'python3 server.py'],
  ['go.mod', 'go run .'],
  ['Cargo.toml', 'cargo run --release'],
  ['config.ru', 'bundle exec rackup --port $PORT'],
];

function entryPoint(directory: string): Start | null {
  const found = ENTRY_POINTS.find(([file]) => existsSync(path.join(directory, file)));
  return found === undefined ? null : { command: found[1], source: found[0] };
}

const SOURCES = /\.(m?[jt]s|py|go|rs|rb)$/;
const MOST_FILES = 200;
const HEALTH_PATHS = ['/healthz', '/health', '/readyz', '/ready', '/up', '/ping'];

/** A health path that the source code speaks of. */
function findHealthPath(directory: string): string | null {
  const places = [directory, path.join(directory, 'src'), path.join(directory, 'app')].filter((place) =>
    existsSync(place),
  );
  const files = places
    .flatMap((place) => readdirSync(place).map((name) => path.join(place, name)))
    .filter((file) => SOURCES.test(file) && !path.basename(file).startsWith('canary.config'))
    .slice(0, MOST_FILES);
  const texts = files.map((file) => readFileSync(file, 'utf8'));
  return (
    HEALTH_PATHS.find((health) =>
      texts.some(
        (text) =>
          text.includes(`'${health}'`) || text.includes(`"${health}"`) || text.includes(`\`${health}\``),
      ),
    ) ?? null
  );
}

/** The nearest name that the configuration allows. */
function serviceName(text: string): string {
  const name = text
    .toLowerCase()
    .replace(/^@[^/]*\//, '')
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 41);
  return name === '' ? 'service' : name;
}
