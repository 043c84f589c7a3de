/** Environment variables as the process was given them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What a variable may say, and what holds when it is not set. `parse` returns undefined for what is not allowed. */
export interface Variable<T> {
  readonly otherwise: T;
  /** Completes "NAME must be …". */
  readonly expected: string;
  readonly parse: (text: string) => T | undefined;
}

/** Reads variables one by one and gathers all that is wrong with them. */
export interface EnvironmentReader {
  read<T>(name: string, variable: Variable<T>): T;
  /** Adds a problem for every variable that begins so but was never read, which is how a misspelt one looks. */
  refuseUnknown(prefix: string): void;
  /** One sentence for each problem so far. */
  readonly problems: readonly string[];
  /** The names read so far. */
  readonly names: ReadonlySet<string>;
}

/** Longer values are cut in messages. */
const LONGEST_QUOTE = 60;

/** An empty variable counts as not set. `redact` comes first: a secret in a wrong place is neither used nor shown. */
export function environmentReader(
  environment: Environment,
  redact: (text: string) => string,
): EnvironmentReader {
  const problems: string[] = [];
  const names = new Set<string>();
  return {
    problems,
    names,
    read(name, { otherwise, expected, parse }) {
      names.add(name);
      const text = redact(environment[name] ?? '');
      if (text === '') return otherwise;
      const value = parse(text);
      if (value !== undefined) return value;
      problems.push(`${name} must be ${expected}, not ${JSON.stringify(text.slice(0, LONGEST_QUOTE))}.`);
      return otherwise;
    },
    refuseUnknown(prefix) {
      const known = [...names].filter((name) => name.startsWith(prefix));
      for (const name of Object.keys(environment)) {
        if (!name.startsWith(prefix) || names.has(name)) continue;
        problems.push(`${redact(name)} is not known; there are ${known.join(', ')}.`);
      }
    },
  };
}

/** A decimal number without sign or exponent, in a range that includes both ends. */
export function numberBetween<T>(min: number, max: number, otherwise: T): Variable<number | T> {
  return {
    otherwise,
    expected: `a number from ${min} to ${max}`,
    parse: (text) => parseWithin(/^\d+(?:\.\d+)?$/, text, min, max),
  };
}

/** The same without fractions. */
export function integerBetween<T>(min: number, max: number, otherwise: T): Variable<number | T> {
  return {
    otherwise,
    expected: `a whole number from ${min} to ${max}`,
    parse: (text) => parseWithin(/^\d+$/, text, min, max),
  };
}

/** Text of a certain form. */
export function textLike<T>(pattern: RegExp, expected: string, otherwise: T): Variable<string | T> {
  return { otherwise, expected, parse: (text) => (pattern.test(text) ? text : undefined) };
}

/** One of a few words. */
export function oneOf<const T extends string>(words: readonly T[], otherwise: T): Variable<T> {
  return {
    otherwise,
    expected: `one of ${words.join(', ')}`,
    parse: (text) => words.find((word) => word === text),
  };
}

/** A switch that is off unless turned on. */
export const SWITCH: Variable<boolean> = {
  otherwise: false,
  expected: 'true or false',
  parse: (text) => ({ true: true, '1': true, false: false, '0': false })[text],
};

function parseWithin(pattern: RegExp, text: string, min: number, max: number): number | undefined {
  const value = Number(text);
  return pattern.test(text) && value >= min && value <= max ? value : undefined;
}
