/** Which paths of a directory stay out of an image. */
export interface IgnoreRules {
  /** Whether the path, from the directory and with `/`, stays out. */
  ignores(path: string): boolean;
  /** Whether anything in that directory may come in. */
  enters(path: string): boolean;
}

interface Rule {
  readonly pattern: RegExp;
  readonly isException: boolean;
}

/** What stays out unless .dockerignore lets it in with `!`: what tests need, and where people keep secrets. */
const USUALLY = [
  '**/*.test.*',
  '**/*.spec.*',
  '**/__tests__',
  '**/.npmrc',
  '**/.env',
  '**/.env.*',
  '**/*.log',
  '**/.DS_Store',
  '.dockerignore',
];

/** Never part of an image. What is in node_modules is chosen by the lock file. */
const NEVER = /(?:^|\/)(?:\.git|\.canary|node_modules)(?:\/|$)/;

/**
 * Reads rules as .dockerignore has them: one pattern a line from the directory, `*` and `?` within a name, `**` over
 * directories, `#` for comments, `!` for exceptions; the last rule that fits decides, also about what is below.
 */
export function ignoreRules(text: string): IgnoreRules {
  const rules = [...USUALLY, ...text.split(/\r?\n/)].flatMap(ruleOf);
  const hasExceptions = rules.some(({ isException }) => isException);
  function ignores(path: string): boolean {
    if (NEVER.test(path)) return true;
    return rules.findLast(({ pattern }) => pattern.test(path))?.isException === false;
  }
  return { ignores, enters: (path) => !ignores(path) || (hasExceptions && !NEVER.test(path)) };
}

function ruleOf(line: string): readonly Rule[] {
  const trimmed = line.trim();
  if (trimmed === '' || trimmed.startsWith('#')) return [];
  const isException = trimmed.startsWith('!');
  const names = trimmed
    .slice(isException ? 1 : 0)
    .trim()
    .split('/')
    .filter((name) => name !== '' && name !== '.');
  if (names.length === 0) return [];
  return [{ pattern: new RegExp(`^${names.map(namePattern).join('')}(?:/|$)`), isException }];
}

/** The pattern of one name, with the slash before the next one. */
function namePattern(name: string, index: number, names: readonly string[]): string {
  const isLast = index === names.length - 1;
  if (name === '**') return isLast ? '.+' : '(?:[^/]+/)*';
  const text = name.replaceAll(/\*+|\?|\[[^\]/]+\]|[^*?[]+|\[/g, (part) => {
    if (part.startsWith('*')) return '[^/]*';
    if (part === '?') return '[^/]';
    if (part.startsWith('[') && part.length > 1) return `[${part.slice(1, -1).replaceAll(/[\\[]/g, '\\$&')}]`;
    return part.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&');
  });
  return isLast ? text : `${text}/`;
}
