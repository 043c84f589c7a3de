import { type ConnectionOptions, connectionOptions } from './connection-options.ts';
import { type Fields, fieldValue, parseFields, valueOf } from './fields.ts';
import { type Framing, isBodiless, type MinorVersion, responseFraming } from './framing.ts';
import { CR, endOfRun, FIELD_CONTENT, LF } from './octets.ts';
import { type Refusal, refusal } from './refusal.ts';

/** A response's head that was understood without doubt. */
export interface Response {
  readonly kind: 'response';
  readonly status: number;
  readonly minor: MinorVersion;
  /** May be empty. */
  readonly reason: string;
  readonly fields: Fields;
  readonly framing: Framing;
  readonly connection: ConnectionOptions;
}

const STATUS_LINE_START = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: |\r)/;
const START_LENGTH = 'HTTP/1.1 200 '.length;

/**
 * Reads the head of the response to a request of `method` that `text` begins with, one character per octet. Null when
 * the text ends before the head does.
 */
export function parseResponse(text: string, method: string): Response | Refusal | null {
  if (text.length < START_LENGTH) return null;
  const [, minorDigit, statusDigits] = STATUS_LINE_START.exec(text) ?? [];
  if (statusDigits === undefined) return refusal(502, 'a bad status line');
  const hasReason = text.charCodeAt(START_LENGTH - 1) !== CR;
  const reasonStart = hasReason ? START_LENGTH : START_LENGTH - 1;
  const lineEnd = endOfRun(FIELD_CONTENT, text, reasonStart);
  if (lineEnd + 1 >= text.length) return null;
  if (text.charCodeAt(lineEnd) !== CR || text.charCodeAt(lineEnd + 1) !== LF) {
    return refusal(502, 'a bad status line');
  }
  const fields = parseFields(text, lineEnd + 2);
  if (fields === null || fields.kind === 'refusal') return fields;
  const status = Number(statusDigits);
  const minor = minorDigit === '0' ? 0 : 1;
  const framing = responseFraming(fields, { method, status, minor });
  if (framing.kind === 'refusal') return framing;
  const reason = text.slice(reasonStart, lineEnd);
  return { kind: 'response', status, minor, reason, fields, framing, connection: connectionOptions(fields) };
}

/** Whether the upstream will answer further requests on the same connection, and nothing but their answers comes over it. */
export function keepsConnection(response: Response): boolean {
  const { minor, framing, connection } = response;
  if (framing.kind === 'until-close' || connection.close || announcesTooMuch(response)) return false;
  return minor === 1 || connection.keepAlive;
}

/** Whether a body is described where none can be: it may follow all the same, and be taken for the next response. */
function announcesTooMuch({ status, fields }: Response): boolean {
  if (!isBodiless(status)) return false;
  return fields.lines.some(
    (line) =>
      line.known === 'transfer-encoding' ||
      (line.known === 'content-length' && valueOf(fields, line) !== '0'),
  );
}

/** For how many seconds the upstream promises to keep the connection. */
export function promisedSeconds({ fields }: Response): number {
  const promise = fieldValue(fields, 'keep-alive');
  const [, seconds] = promise === undefined ? [] : (/timeout=(\d+)/i.exec(promise) ?? []);
  return seconds === undefined ? Number.POSITIVE_INFINITY : Number(seconds);
}
