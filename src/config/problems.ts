import { z } from 'zod';
import { configSchema } from './config-schema.ts';

/** One thing that is wrong with a configuration. */
export interface Problem {
  /** Where, as one would write it: `environments[0].plan.steps[1].weight`. Empty for the whole. */
  readonly path: string;
  /** What would be right. */
  readonly message: string;
}

/** A configuration that cannot be used. The message lists every problem with its path and remedy. */
export class ConfigError extends Error {
  readonly code: 'not-found' | 'unreadable' | 'invalid' | 'unknown-name';
  readonly problems: readonly Problem[];

  constructor(
    code: ConfigError['code'],
    message: string,
    problems: readonly Problem[] = [],
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'ConfigError';
    this.code = code;
    this.problems = problems;
  }
}

/** The problems that the schema found, in its order. */
export function problemsOf(error: z.ZodError): readonly Problem[] {
  return error.issues.flatMap(meant).flatMap((issue): Problem[] => {
    if (issue.code !== 'unrecognized_keys') return [{ path: sayPath(issue.path), message: sayIssue(issue) }];
    return issue.keys.map((key) => ({
      path: sayPath([...issue.path, key]),
      message: sayUnknown(key, knownKeys(issue.path)),
    }));
  });
}

/** Of several kinds of thing that would have been right, the one that was meant: whose own parts are wrong, not its whole. */
function meant(issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const branch = issue.errors
    .filter((issues) => issues.every(({ path }) => path.length > 0 || isKeys(issues)))
    .toSorted((a, b) => strangeness(a) - strangeness(b))[0];
  if (branch === undefined || branch.length === 0) return [issue];
  return branch.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })).flatMap(meant);
}

/** How many parts are there that this kind of thing does not have, or are not there that it must have. */
function strangeness(issues: readonly z.core.$ZodIssue[]): number {
  return issues
    .map((issue) => {
      if (issue.code === 'unrecognized_keys') return issue.keys.length;
      return issue.path.length === 1 && issue.message.endsWith('undefined') ? 1 : 0;
    })
    .reduce<number>((sum, count) => sum + count, 0);
}

function isKeys(issues: readonly z.core.$ZodIssue[]): boolean {
  return issues.some(({ code }) => code === 'unrecognized_keys');
}

/** Our own words where the library would use its own. */
function sayIssue(issue: z.core.$ZodIssue): string {
  if (!/^(Invalid|Too|Unrecognized)/.test(issue.message)) return issue.message;
  if (issue.code === 'invalid_type') {
    const type = Object.hasOwn(TYPE_NAMES, issue.expected) ? TYPE_NAMES[issue.expected] : issue.expected;
    return issue.message.endsWith('undefined') ? `is missing: it must be ${type}` : `must be ${type}`;
  }
  if (issue.code === 'invalid_value') {
    return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`;
  }
  if (issue.code === 'too_big') {
    return `must not be ${issue.origin === 'string' ? 'longer' : 'more'} than ${issue.maximum}`;
  }
  if (issue.code === 'too_small') {
    return `must not be ${issue.origin === 'string' ? 'shorter' : 'less'} than ${issue.minimum}`;
  }
  return issue.message.replace(/^Invalid discriminator value\. Expected/, 'must be');
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object with settings',
  record: 'an object',
};

function sayPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) =>
      typeof key === 'number' ? `${text}[${key}]` : text === '' ? String(key) : `${text}.${String(key)}`,
    '',
  );
}

function sayUnknown(key: string, known: readonly string[]): string {
  const [closest] = known
    .map((candidate) => ({ candidate, distance: editDistance(key, candidate) }))
    .filter(({ distance }) => distance <= 3)
    .toSorted((a, b) => a.distance - b.distance);
  if (closest !== undefined) return `is not a setting; did you mean "${closest.candidate}"?`;
  return known.length === 0 ? 'is not a setting' : `is not a setting; there are: ${known.join(', ')}`;
}

type JsonSchema = { readonly [key: string]: unknown };

/** The settings that there are at a path of the configuration, from its JSON Schema. */
function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  let places: readonly JsonSchema[] = [asSchema(z.toJSONSchema(configSchema, { io: 'input' }))];
  for (const key of path) places = places.flatMap(alternatives).flatMap((place) => below(place, key));
  return [
    ...new Set(places.flatMap(alternatives).flatMap((place) => Object.keys(asSchema(place['properties'])))),
  ];
}

function alternatives(place: JsonSchema): readonly JsonSchema[] {
  const choices = [place['oneOf'], place['anyOf']].flatMap((list) =>
    Array.isArray(list) ? list.map(asSchema) : [],
  );
  return choices.length === 0 ? [place] : choices.flatMap(alternatives);
}

function below(place: JsonSchema, key: PropertyKey): readonly JsonSchema[] {
  const next =
    typeof key === 'number'
      ? place['items']
      : (asSchema(place['properties'])[String(key)] ?? place['additionalProperties']);
  return [asSchema(next)];
}

function asSchema(value: unknown): JsonSchema {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** Levenshtein's distance: insertions, deletions and replacements from one word to the other. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replaced));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
