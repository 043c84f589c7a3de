import { type Field, type Fields, valueOf } from './fields.ts';
import { SPACE, ZERO } from './octets.ts';
import { type Refusal, refusal } from './refusal.ts';

/** How the end of a message's body is found (RFC 9112, section 6.3). */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'until-close' };

export type MinorVersion = 0 | 1;

const NONE: Framing = { kind: 'none' };
const CHUNKED: Framing = { kind: 'chunked' };
const UNTIL_CLOSE: Framing = { kind: 'until-close' };

/** The framing of a request. Whatever two servers could read in two ways is refused: that is how requests are smuggled. */
export function requestFraming(fields: Fields, minor: MinorVersion): Framing | Refusal {
  return declaredFraming(fields, minor) ?? NONE;
}

/** The framing of the response to a request of that method. */
export function responseFraming(
  fields: Fields,
  response: { method: string; status: number; minor: MinorVersion },
): Framing | Refusal {
  const declared = declaredFraming(fields, response.minor) ?? UNTIL_CLOSE;
  if (declared.kind === 'refusal') return declared;
  return response.method === 'HEAD' || response.status === 304 || isBodiless(response.status)
    ? NONE
    : declared;
}

/** Whether a response of that status never has a body, nor fields that describe one. */
export function isBodiless(status: number): boolean {
  return status === 204 || status < 200;
}

function declaredFraming(fields: Fields, minor: MinorVersion): Framing | Refusal | null {
  let declared: Framing | null = null;
  for (const line of fields.lines) {
    if (line.known !== 'content-length' && line.known !== 'transfer-encoding') continue;
    if (declared !== null) return refusal(400, 'more than one field that tells the length of the body');
    if (!isPlain(fields, line)) return refusal(400, 'blanks around the length of the body');
    const framing = line.known === 'content-length' ? counted(fields, line) : coded(fields, line, minor);
    if (framing.kind === 'refusal') return framing;
    declared = framing;
  }
  return declared;
}

function counted({ text }: Fields, { valueStart, valueEnd }: Field): Framing | Refusal {
  let length = 0;
  for (let at = valueStart; at < valueEnd; at += 1) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return refusal(400, 'a bad Content-Length');
    length = length * 10 + digit;
  }
  if (valueStart === valueEnd || length > Number.MAX_SAFE_INTEGER)
    return refusal(400, 'a bad Content-Length');
  return length === 0 ? NONE : { kind: 'length', length };
}

function coded(fields: Fields, line: Field, minor: MinorVersion): Framing | Refusal {
  if (minor === 0) return refusal(400, 'Transfer-Encoding in HTTP/1.0');
  return valueOf(fields, line).toLowerCase() === 'chunked'
    ? CHUNKED
    : refusal(400, 'a Transfer-Encoding other than chunked');
}

/**
 * Whether there is nothing around a value but spaces before it. Tabs and trailing blanks are allowed, but where the
 * framing depends on them there are parsers that read `chunked\t` as another coding than `chunked`.
 */
function isPlain({ text }: Fields, line: Field): boolean {
  for (let at = line.nameEnd + 1; at < line.valueStart; at += 1) {
    if (text.charCodeAt(at) !== SPACE) return false;
  }
  return line.valueEnd === line.end - 2;
}
