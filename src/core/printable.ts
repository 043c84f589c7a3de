/** Control characters, and those that turn the direction of writing. */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** The text on one line, with everything that would steer a terminal shown as its code: `\u001b`. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, asCode);
}

/** What belongs on a page: lines, tabs, and colours (the sequences of ECMA-48 that end in m, "SGR"). */
const PAGE_PARTS = /(\n|\t|\p{Cc}\[[\d;]*m)/u;

/** A whole page of text: like `printable`, but lines, tabs and colours stay as they are. */
export function printablePage(text: string): string {
  return text
    .split(PAGE_PARTS)
    .map((part, index) => (index % 2 === 1 && isKept(part) ? part : printable(part)))
    .join('');
}

function isKept(part: string): boolean {
  return part === '\n' || part === '\t' || part.startsWith('\u001b[');
}

function asCode(character: string): string {
  return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
}
