import type { MinorVersion } from './framing.ts';
import { endOfRun, SPACE, TARGET, TOKEN } from './octets.ts';
import { type Refusal, refusal } from './refusal.ts';

/** A request line; its target is not yet judged. */
export interface RequestLine {
  readonly kind: 'request-line';
  readonly method: string;
  readonly target: string;
  readonly minor: MinorVersion;
  /** Behind the line's CRLF. */
  readonly end: number;
}

const VERSION_LENGTH = 'HTTP/1.1\r\n'.length;

/** Reads the request line that `text` begins with. Null when the text ends before the line does. */
export function parseRequestLine(text: string, limit: number): RequestLine | Refusal | null {
  const methodEnd = endOfRun(TOKEN, text, 0);
  if (methodEnd > limit) return refusal(414, 'the request line is too long');
  if (methodEnd === text.length) return null;
  if (methodEnd === 0 || text.charCodeAt(methodEnd) !== SPACE) return refusal(400, 'a bad request line');
  const targetEnd = endOfRun(TARGET, text, methodEnd + 1);
  if (targetEnd > limit) return refusal(414, 'the request line is too long');
  if (targetEnd === text.length) return null;
  if (targetEnd === methodEnd + 1 || text.charCodeAt(targetEnd) !== SPACE) {
    return refusal(400, 'a bad request line');
  }
  const end = targetEnd + 1 + VERSION_LENGTH;
  if (end > text.length) return null;
  const minor = minorVersion(text, targetEnd + 1);
  if (typeof minor === 'object') return minor;
  return {
    kind: 'request-line',
    method: text.slice(0, methodEnd),
    target: text.slice(methodEnd + 1, targetEnd),
    minor,
    end,
  };
}

function minorVersion(text: string, at: number): MinorVersion | Refusal {
  if (text.startsWith('HTTP/1.1\r\n', at)) return 1;
  if (text.startsWith('HTTP/1.0\r\n', at)) return 0;
  const isVersion = /^HTTP\/\d\.\d\r\n/.test(text.slice(at, at + VERSION_LENGTH));
  return isVersion ? refusal(505, 'an unknown version of HTTP') : refusal(400, 'a bad request line');
}
