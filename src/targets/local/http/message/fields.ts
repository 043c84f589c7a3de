import { isWord, knownField, type KnownField } from './known-field.ts';
import { COLON, CR, endOfRun, FIELD_CONTENT, LF, SPACE, TAB, TOKEN } from './octets.ts';
import { type Refusal, refusal } from './refusal.ts';

/** One field line, as positions in the text it stands in. Most lines are passed on without ever being cut out. */
export interface Field {
  readonly known: KnownField | null;
  /** Also where the line begins. */
  readonly nameStart: number;
  readonly nameEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  /** Behind the line's CRLF. */
  readonly end: number;
}

/** The field lines of a message's head or trailer section. */
export interface Fields {
  readonly kind: 'fields';
  readonly text: string;
  readonly lines: readonly Field[];
  readonly start: number;
  /** Behind the empty line that ends them. */
  readonly end: number;
}

/**
 * Reads the field lines from `start` of `text`, one character per octet, up to the empty line. Null when the text ends
 * before. As strict as RFC 9112 allows: lines end in CRLF and nothing else, and a line cannot be folded.
 */
export function parseFields(text: string, start: number): Fields | Refusal | null {
  const lines: Field[] = [];
  let at = start;
  while (at < text.length) {
    if (text.charCodeAt(at) === CR) {
      if (at + 1 === text.length) return null;
      if (text.charCodeAt(at + 1) !== LF) return refusal(400, 'a carriage return without a line feed');
      return { kind: 'fields', text, lines, start, end: at + 2 };
    }
    const nameEnd = endOfRun(TOKEN, text, at);
    if (nameEnd === text.length) return null;
    if (nameEnd === at || text.charCodeAt(nameEnd) !== COLON) return refusal(400, 'a bad field name');
    const valueStart = endOfBlanks(text, nameEnd + 1);
    const lineEnd = endOfRun(FIELD_CONTENT, text, valueStart);
    if (lineEnd === text.length) return null;
    if (text.charCodeAt(lineEnd) !== CR) return refusal(400, 'a bad field value');
    if (lineEnd + 1 === text.length) return null;
    if (text.charCodeAt(lineEnd + 1) !== LF) return refusal(400, 'a carriage return without a line feed');
    lines.push({
      known: knownField(text, at, nameEnd),
      nameStart: at,
      nameEnd,
      valueStart,
      valueEnd: startOfBlanks(text, valueStart, lineEnd),
      end: lineEnd + 2,
    });
    at = lineEnd + 2;
  }
  return null;
}

/** A field's value by its lower-case name; several lines of that name are joined as RFC 9110, section 5.3, has it. */
export function fieldValue(fields: Fields, name: string): string | undefined {
  let joined: string | undefined;
  for (const line of fields.lines) {
    if (line.nameEnd - line.nameStart !== name.length || !isWord(fields.text, line.nameStart, name)) continue;
    const value = valueOf(fields, line);
    joined = joined === undefined ? value : `${joined}${name === 'cookie' ? '; ' : ', '}${value}`;
  }
  return joined;
}

export function valueOf(fields: Fields, line: Field): string {
  return fields.text.slice(line.valueStart, line.valueEnd);
}

function endOfBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length && isBlank(text.charCodeAt(at))) at += 1;
  return at;
}

function startOfBlanks(text: string, from: number, to: number): number {
  let at = to;
  while (at > from && isBlank(text.charCodeAt(at - 1))) at -= 1;
  return at;
}

function isBlank(octet: number): boolean {
  return octet === SPACE || octet === TAB;
}
