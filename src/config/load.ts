import { existsSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Config, configSchema } from './config-schema.ts';
import { ConfigError, problemsOf } from './problems.ts';

/** A configuration and where it came from. */
export interface LoadedConfig {
  readonly config: Config;
  /** The file it was read from. Paths in it are relative to its directory. */
  readonly file: string;
}

const EXTENSIONS = ['ts', 'mts', 'js', 'mjs', 'json', 'yaml', 'yml'];

/**
 * Reads the configuration from `file`, or from `canary.config.*` in `directory` or the nearest directory above it that
 * has one. Rejects with a `ConfigError` that lists all problems at once.
 */
export async function loadConfig(directory: string, file?: string): Promise<LoadedConfig> {
  const found = file === undefined ? findConfig(directory) : path.resolve(directory, file);
  if (found === null) {
    throw new ConfigError(
      'not-found',
      `There is no canary.config.ts (or .js, .json, .yaml) in ${directory} or above; \`canary init\` writes one.`,
    );
  }
  if (!existsSync(found)) throw new ConfigError('not-found', `${found} does not exist.`);
  return { file: found, config: checkConfig(await readConfig(found), path.relative(directory, found)) };
}

/** Checks a configuration as it was written, and fills in the defaults. `source` is how messages call it. */
export function checkConfig(written: unknown, source: string): Config {
  const checked = configSchema.safeParse(written);
  if (checked.success) return checked.data;
  const problems = problemsOf(checked.error);
  const list = problems.map(
    ({ path: place, message }) => `  ${place === '' ? 'the whole' : place} ${message}`,
  );
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  throw new ConfigError('invalid', `${source} has ${count}:\n${list.join('\n')}`, problems);
}

/** The names of the configurations that are in the directory. More than one are too many. */
export function configFilesIn(directory: string): readonly string[] {
  return EXTENSIONS.map((extension) => `canary.config.${extension}`).filter((name) =>
    existsSync(path.join(directory, name)),
  );
}

function findConfig(directory: string): string | null {
  const [found, other] = configFilesIn(directory);
  if (found !== undefined && other !== undefined) {
    throw new ConfigError(
      'invalid',
      `There are both ${found} and ${other} in ${directory}: remove the one that is not meant, or name the other with --config.`,
    );
  }
  if (found !== undefined) return path.join(directory, found);
  const above = path.dirname(directory);
  return above === directory ? null : findConfig(above);
}

function readConfig(file: string): Promise<unknown> {
  if (file.endsWith('.json')) return readJson(file);
  return /\.ya?ml$/.test(file) ? readYaml(file) : importModule(file);
}

/** What is not plainly right is read as the YAML that JSON is, which tells what is wrong, also with a name given twice. */
async function readJson(file: string): Promise<unknown> {
  const text = readFileSync(file, 'utf8');
  try {
    const value: unknown = JSON.parse(text);
    const written = [...text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)].filter((match) => match[1] !== undefined);
    if (written.length === countKeys(value)) return value;
  } catch {
    // The other reader says where.
  }
  return readYaml(file);
}

function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const children = Object.values(value).reduce<number>((sum, child) => sum + countKeys(child), 0);
  return Array.isArray(value) ? children : children + Object.keys(value).length;
}

async function readYaml(file: string): Promise<unknown> {
  const { parseDocument } = await import('yaml');
  const document = parseDocument(readFileSync(file, 'utf8'), { uniqueKeys: true });
  const [error] = document.errors;
  if (error !== undefined) {
    throw new ConfigError('unreadable', `${file} cannot be read: ${error.message}`, [], { cause: error });
  }
  return document.toJS();
}

const PACKAGE = 'canary-rollout';
const OWN_INDEX = import.meta.resolve(`../index.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`);

/** Imports a module; in it, the package's name always stands for the canary that is running. */
async function importModule(file: string): Promise<unknown> {
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      specifier === PACKAGE ? { url: OWN_INDEX, shortCircuit: true } : next(specifier, context),
  });
  try {
    const module: unknown = await import(pathToFileURL(file).href);
    const value =
      typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined;
    if (value !== undefined) return value;
    throw new ConfigError(
      'invalid',
      `${file} has no default export; end it with \`export default defineConfig({ … })\`.`,
    );
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new ConfigError('unreadable', `${file}${lineIn(file, error)} cannot be read: ${message}`, [], {
      cause: error,
    });
  } finally {
    hooks.deregister();
  }
}

/** The line of the file that an error is about, as `:12`; nothing where it does not say. */
function lineIn(file: string, error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const [, line] = stack.split(file)[1]?.match(/^:(\d+)/) ?? [];
  return line === undefined ? '' : `:${line}`;
}
