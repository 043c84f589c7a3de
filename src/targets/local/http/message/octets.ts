/** Octets that the grammar of RFC 9112 gives a meaning. */
export const TAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;
export const ZERO = 0x30;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;

/** A set of octets as a table: 1 where the octet belongs to it. */
export type OctetSet = Uint8Array;

/** `token` of RFC 9110, section 5.6.2: methods and field names. */
export const TOKEN = octetSet((octet) => /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(octet)));

/** What a field value may hold (RFC 9110, section 5.5): all but control characters; no CR, LF or NUL above all. */
export const FIELD_CONTENT = octetSet((octet) => octet === TAB || (octet >= SPACE && octet !== 0x7f));

/** What a request target may hold. Stricter than most servers: visible ASCII, and no fragment. */
export const TARGET = octetSet((octet) => octet > SPACE && octet < 0x7f && octet !== 0x23);

/** The value of a hexadecimal digit, or 255. */
export const HEX_VALUE = Uint8Array.from({ length: 256 }, (_, octet) => {
  const character = String.fromCharCode(octet);
  return /[0-9a-f]/i.test(character) ? Number.parseInt(character, 16) : 255;
});

/** Where a run of octets of the set that begins at `from` ends. */
export function endOfRun(set: OctetSet, text: string, from: number): number {
  let at = from;
  while (at < text.length && set[text.charCodeAt(at)] === 1) at += 1;
  return at;
}

function octetSet(belongs: (octet: number) => boolean): OctetSet {
  return Uint8Array.from({ length: 256 }, (_, octet) => (belongs(octet) ? 1 : 0));
}
