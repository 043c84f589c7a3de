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

const A = 0x61;
const Z = 0x7a;

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

/** Whether `text` reads `word`, a lower-case token, at `start`, in whatever case it is written. */
export function isWord(text: string, start: number, word: string): boolean {
  for (let index = 0; index < word.length; index += 1) {
    const octet = text.charCodeAt(start + index);
    const wanted = word.charCodeAt(index);
    if (octet !== wanted && !isUpperCaseOf(octet, wanted)) return false;
  }
  return true;
}

/** The bit that tells the cases of a letter apart makes other octets of tokens the same too: `^` and `~`. */
function isUpperCaseOf(octet: number, letter: number): boolean {
  return (octet | 0x20) === letter && letter >= A && letter <= Z;
}
