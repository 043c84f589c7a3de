import { METHODS } from 'node:http';
import { type ConnectionOptions, connectionOptions } from './connection-options.ts';
import { type Fields, fieldValue, parseFields, valueOf } from './fields.ts';
import { type Framing, type MinorVersion, requestFraming } from './framing.ts';
import type { KnownField } from './known-field.ts';
import { type Refusal, refusal } from './refusal.ts';
import { parseRequestLine } from './request-line.ts';
import { ownTarget } from './request-target.ts';

/** The head of a request as a router sees it. */
export interface RequestHead {
  readonly method: string;
  /** Path and query as received, or `*`. */
  readonly target: string;
  /** The value of a field by its lower-case name, looked up on demand; several lines of that name come joined. */
  header(name: string): string | undefined;
}

/** A request that was understood without doubt. */
export class Request implements RequestHead {
  readonly kind = 'request';
  readonly method: string;
  readonly target: string;
  readonly minor: MinorVersion;
  readonly fields: Fields;
  readonly framing: Framing;
  readonly connection: ConnectionOptions;
  /** The value of `Host`. Only HTTP/1.0 may do without. */
  readonly host: string | undefined;
  /** What the client would like to speak instead, where it may be asked for. */
  readonly upgrade: string | undefined;
  /** Whether the client may hold its body back until it is told to continue. */
  readonly expectsContinue: boolean;

  constructor(parts: Pick<Request, 'method' | 'target' | 'minor' | 'fields' | 'framing' | 'host'>) {
    this.method = parts.method;
    this.target = parts.target;
    this.minor = parts.minor;
    this.fields = parts.fields;
    this.framing = parts.framing;
    this.host = parts.host;
    this.connection = connectionOptions(parts.fields);
    this.upgrade = this.connection.upgrade && parts.minor === 1 ? wantedUpgrade(parts.fields) : undefined;
    this.expectsContinue = parts.minor === 1 && expectsContinue(parts.fields);
  }

  header(name: string): string | undefined {
    return fieldValue(this.fields, name);
  }
}

const KNOWN_METHODS: ReadonlySet<string> = new Set(METHODS);
const ALLOW = 'Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n';
const HOST = /^(?:\[[\da-f:.]+\]|[\w\-.~%!$&'()*+,;=]*)(?::\d{0,5})?$/i;

/**
 * Reads the head of the request that `text` begins with, one character per octet. Null when the text ends before the
 * head does. A request line longer than `lineLimit` is refused.
 */
export function parseRequest(text: string, lineLimit: number): Request | Refusal | null {
  const line = parseRequestLine(text, lineLimit);
  if (line === null || line.kind === 'refusal') return line;
  const fields = parseFields(text, line.end);
  if (fields === null || fields.kind === 'refusal') return fields;
  const { method, minor } = line;
  if (!KNOWN_METHODS.has(method)) return refusal(501, 'an unknown method');
  if (method === 'CONNECT') return refusal(405, 'this is not a forward proxy', ALLOW);
  const host = hostOf(fields, minor);
  if (typeof host === 'object') return host;
  const target = ownTarget(line.target, method, host);
  if (target === null) return refusal(400, 'a bad request target');
  const framing = requestFraming(fields, minor);
  if (framing.kind === 'refusal') return framing;
  return new Request({ method, target, minor, fields, framing, host });
}

function hostOf(fields: Fields, minor: MinorVersion): string | undefined | Refusal {
  let host: string | undefined;
  for (const line of fields.lines) {
    if (line.known !== 'host') continue;
    if (host !== undefined) return refusal(400, 'more than one Host');
    host = valueOf(fields, line);
  }
  if (host === undefined) return minor === 1 ? refusal(400, 'no Host') : undefined;
  return HOST.test(host) ? host : refusal(400, 'a bad Host');
}

/** An upgrade to HTTP/2 would hide all further requests from the router, so that one is passed over. */
function wantedUpgrade(fields: Fields): string | undefined {
  const wanted = fieldValue(fields, 'upgrade' satisfies KnownField);
  return wanted === undefined || wanted === '' || /\bh2c?\b/i.test(wanted) ? undefined : wanted;
}

function expectsContinue(fields: Fields): boolean {
  return fields.lines.some(
    (line) => line.known === 'expect' && valueOf(fields, line).toLowerCase() === '100-continue',
  );
}
