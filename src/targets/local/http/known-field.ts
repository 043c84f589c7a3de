/** Fields that mean something to a proxy. Every other field is passed on as it came. */
const KNOWN_FIELDS = [
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'keep-alive',
  'upgrade',
  'expect',
  'te',
  'trailer',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
] as const;

/** A field's lower-case name; `proxy` stands for `Proxy` and everything that begins with `Proxy-`. */
export type KnownField = (typeof KNOWN_FIELDS)[number] | 'proxy';

const BY_LENGTH: readonly (readonly KnownField[])[] = Array.from({ length: 20 }, (_, length) =>
  KNOWN_FIELDS.filter((name) => name.length === length),
);
const NONE: readonly KnownField[] = [];

/** Which known field the name at `start` of `text` is, in whatever case it is written. */
export function knownField(text: string, start: number, end: number): KnownField | null {
  for (const name of BY_LENGTH[end - start] ?? NONE) {
    if (isWord(text, start, name)) return name;
  }
  const isProxy = end - start >= 5 && isWord(text, start, 'proxy');
  return isProxy && (end - start === 5 || text[start + 5] === '-') ? 'proxy' : null;
}

/**
 * Whether `text` reads `word`, a lower-case token, at `start`. Setting the bit that tells the cases apart keeps digits
 * and the hyphen as they are, and turns no other octet of a token into one of a known name.
 */
export function isWord(text: string, start: number, word: string): boolean {
  for (let index = 0; index < word.length; index += 1) {
    if ((text.charCodeAt(start + index) | 0x20) !== word.charCodeAt(index)) return false;
  }
  return true;
}
