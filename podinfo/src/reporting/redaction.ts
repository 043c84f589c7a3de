/** What stands where a secret was. */
const REDACTED = '[redacted]';

/** Keeps secrets out of whatever is shown or logged. */
export interface Redaction {
  /** Masks known secret values, and in `token=…` or `"password": "…"` what follows a secret-looking key. */
  readonly text: (text: string) => string;
  /** Masks known secret values only. */
  readonly byValue: (text: string) => string;
  /** A percent-encoded path: as it is, or decoded and masked when there is a secret in it. */
  readonly path: (path: string) => string;
  /** The same JSON value, with all of its text masked and everything under a secret-looking key. */
  readonly json: (value: unknown) => unknown;
}

/** Words that make a key secret-looking, wherever in the key they are; case and punctuation do not matter. */
const SECRET_WORDS = [
  'authorization',
  'cookie',
  'token',
  'password',
  'passwd',
  'passphrase',
  'pwd',
  'secret',
  'apikey',
  'accesskey',
  'privatekey',
  'credential',
  'session',
  'jwt',
];

/** The same words as they are found in running text: `api key`, `api-key` and `api_key` too. */
const WORDS_IN_TEXT = SECRET_WORDS.map((word) => word.replace('key', '[-_. ]?key')).join('|');
const QUOTED = String.raw`\\?"(?:\\.|[^"\\])*"?|\\?'(?:\\.|[^'\\])*'?`;
/**
 * Nothing is allowed before the word, and what comes between is bounded, so that a megabyte of hostile text is searched
 * in one pass.
 */
const KEY_AND_VALUE = new RegExp(
  String.raw`((?:${WORDS_IN_TEXT})[\w.-]{0,64}[\\"'\]]{0,4}\s{0,8}[:=]\s{0,8})(?:${QUOTED}|[^\s,;&"']+)`,
  'gi',
);
/** These have values with spaces and semicolons: all the rest of the line. */
const KEY_AND_LINE = /((?:authorization|cookie)[\\"']{0,4}\s{0,8}[:=])[^\r\n]+/gi;
const BEARER = /\b(bearer|basic) {1,8}[\w.~+/=-]{6,}/gi;

/** Deeper structures are not shown, because walking them would exhaust the stack. */
const DEEPEST = 100;

/** `secrets` are values that must not get out wherever they turn up; none of them may be empty. */
export function redaction(secrets: readonly string[]): Redaction {
  const values = secrets.length === 0 ? null : valuePattern(secrets);

  function byValue(original: string): string {
    return values === null ? original : original.replaceAll(values, REDACTED);
  }

  function text(original: string): string {
    return byValue(original)
      .replaceAll(KEY_AND_LINE, `$1 ${REDACTED}`)
      .replaceAll(KEY_AND_VALUE, `$1${REDACTED}`)
      .replaceAll(BEARER, `$1 ${REDACTED}`);
  }

  function path(original: string): string {
    const decoded = decode(original);
    const masked = text(decoded);
    return masked === decoded ? original : masked;
  }

  function json(value: unknown, depth = 0): unknown {
    if (typeof value === 'string') return text(value);
    if (typeof value === 'number') return byValue(String(value)) === String(value) ? value : REDACTED;
    if (typeof value !== 'object' || value === null) return value;
    if (depth === DEEPEST) return '[nested too deeply]';
    if (Array.isArray(value)) return value.map((element) => json(element, depth + 1));
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => [
        text(key),
        isSecretKey(key) ? REDACTED : json(entry, depth + 1),
      ]),
    );
  }

  return { text, byValue, path, json: (value) => json(value) };
}

/** Whether what goes by this name is to be kept secret. */
export function isSecretKey(key: string): boolean {
  const bare = key.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  return SECRET_WORDS.some((word) => bare.includes(word));
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Matches the values as they are and as they look inside URLs, JSON text and base64. */
function valuePattern(secrets: readonly string[]): RegExp {
  const forms = secrets.flatMap((secret) => [
    secret,
    encodeURIComponent(secret.toWellFormed()),
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret).toString('base64'),
    Buffer.from(secret).toString('base64url'),
  ]);
  // The longest first, as one secret may be the beginning of another, and the first that fits is masked.
  const longestFirst = [...new Set(forms)].toSorted((a, b) => b.length - a.length);
  return new RegExp(longestFirst.map((form) => escapeForPattern(form)).join('|'), 'gi');
}

function escapeForPattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
